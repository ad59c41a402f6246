/** Publishes chunks in windows, a few of them in flight. */
import type { Chunk } from '../../model/chunk.js';
import { mappedAhead } from '../../runtime/side-by-side.js';
import type { Link } from './link.js';
import { windowsOf, type Window } from './rows.js';
import type { SeederLock } from './seeder-lock.js';

const WINDOW = 2000;
const IN_FLIGHT = 4;

/**
 * @param lock every window checks that it still holds
 * @throws Error when the lock was lost; all windows before the failed one are published
 */
export async function publishChunks(
  link: Link,
  lock: SeederLock,
  chunks: Iterable<Chunk>,
  confirmed?: (total: number) => void,
): Promise<number> {
  const send = async ({ template, rows }: Window, window: number): Promise<number> => {
    const { token, listedTo } = lock;
    const question = { op: 'publish' as const, token, listedTo, window, template };
    // Sent again after a lost connection it is known by its number.
    const { published } = (await link.ask<'publish'>(question, Buffer.from(JSON.stringify(rows)))).header;
    if (published !== undefined) return published;
    throw new Error('lost the right to publish while publishing: start the seeder again, it resumes what is missing');
  };
  const windows = windowsOf(chunks, WINDOW);
  let total = 0;
  for await (const published of mappedAhead(windows, IN_FLIGHT, (window) => send(window, lock.nextWindow()))) {
    total += published;
    confirmed?.(total);
  }
  return total;
}
