/** Publishes chunks in windows, a few of them in flight. */
import type { Chunk } from '../../model/chunk.js';
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
  const inFlight: Array<Promise<number>> = [];
  let total = 0;
  const confirmOldest = async (): Promise<void> => {
    total += (await inFlight.shift()) ?? 0;
    confirmed?.(total);
  };
  const send = async ({ template, rows }: Window, window: number): Promise<number> => {
    const { token, listedTo } = lock;
    const question = { op: 'publish' as const, token, listedTo, window, template };
    // Sent again after a lost connection it is known by its number.
    const { published } = (await link.ask<'publish'>(question, Buffer.from(JSON.stringify(rows)))).header;
    if (published !== undefined) return published;
    throw new Error('lost the right to publish while publishing: start the seeder again, it resumes what is missing');
  };
  for (const window of windowsOf(chunks, WINDOW)) {
    const sent = send(window, lock.nextWindow());
    // It is awaited in its turn; until then a failure of it must not count as unhandled.
    sent.catch(() => undefined);
    inFlight.push(sent);
    if (inFlight.length >= IN_FLIGHT) await confirmOldest();
  }
  while (inFlight.length > 0) await confirmOldest();
  return total;
}
