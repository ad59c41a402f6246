/** Publishes chunks in windows, a few of them in flight. */
import type { Chunk } from '../../model/chunk.js';
import { mappedAhead } from '../../runtime/side-by-side.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { columnsOf } from './columns.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Arg, Scripts } from './scripts.js';
import type { SeederLock } from './seeder-lock.js';

const WINDOW = 250;
const IN_FLIGHT = 4;

/**
 * @param lock every window checks that it still holds
 * @throws Error when the lock was lost; all windows before the failed one are published
 */
export async function publishChunks(
  link: Link,
  keys: Keys,
  scripts: Scripts,
  lock: SeederLock,
  chunks: Iterable<Chunk>,
  confirmed?: (total: number) => void,
): Promise<number> {
  const send = async (window: readonly Chunk[], index: number): Promise<number> => {
    const { token, listedTo } = lock;
    const names = [
      keys.tasks,
      keys.lock,
      keys.windows(token),
      keys.done(window[0]?.runId ?? ''),
      keys.known(token),
      keys.others(token),
    ];
    const args = [token, index, listedTo, ...encodeWindow(window)];
    const published = Number(await link.run((redis) => scripts.publish.run(redis, names, args)));
    if (published >= 0) return published;
    throw new Error(
      `lost the seeder lock ${keys.lock} while publishing: start the seeder again, it resumes what is missing`,
    );
  };
  let total = 0;
  for await (const published of mappedAhead(windows(chunks), IN_FLIGHT, (window) => send(window, lock.nextWindow()))) {
    total += published;
    confirmed?.(total);
  }
  return total;
}

/** Windows of chunks of one run. */
function* windows(chunks: Iterable<Chunk>): Generator<Chunk[]> {
  let window: Chunk[] = [];
  for (const chunk of chunks) {
    if (window.length === WINDOW || (window[0] && window[0].runId !== chunk.runId)) {
      yield window;
      window = [];
    }
    window.push(chunk);
  }
  if (window.length > 0) yield window;
}

/** What publish.lua takes. */
function encodeWindow(window: readonly Chunk[]): Arg[] {
  const wires = window.map(encodeChunk);
  const columns = columnsOf(wires, ['start_param', 'end_param']);
  const rows: Arg[] = [];
  for (const wire of wires) columns.row(wire, rows);
  return [wires.length, ...columns.head, JSON.stringify(rows)];
}
