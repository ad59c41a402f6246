/**
 * Seeding: windows of chunks, several under way, published again when the connection is lost before they are confirmed.
 */
import { backoff, delay } from '../../runtime/backoff.js';
import type { Logger } from '../../runtime/logger.js';
import type { Chunk } from '../../model/chunk.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { ConnectionLost, Nacked } from './failure.js';
import { toBody } from './codec.js';
import type { Link } from './link.js';
import { Session } from './session.js';

const WINDOW = 1000;
const WINDOWS = 4;

interface Window {
  readonly bodies: readonly Buffer[];
  confirmed: Promise<unknown>;
}

export interface Publishing {
  readonly link: Link;
  readonly queue: string;
  readonly log: Logger;
  /** How long connections may fail, or the broker refuse messages, without any window being confirmed. */
  readonly patienceMs: number;
  readonly confirmed: ((total: number) => void) | undefined;
}

/**
 * Over-publishing does no harm, the ledger counts parameters once; so a window whose confirms were lost is sent again.
 */
export async function publishChunks(chunks: Iterable<Chunk>, p: Publishing): Promise<number> {
  const source = windowsOf(chunks);
  const waiting: Window[] = [];
  let total = 0;
  let session: Session | undefined;
  let failures = 0;
  let troubleSince = 0;
  try {
    for (let exhausted = false; ;) {
      try {
        if (!session?.alive) {
          session = await Session.open(await p.link.connection());
          for (const window of waiting) await send(session, p.queue, window);
        }
        while (!exhausted && waiting.length < WINDOWS) {
          const next = source.next();
          exhausted = next.done === true;
          if (next.done) break;
          const window: Window = { bodies: next.value, confirmed: Promise.resolve() };
          waiting.push(window);
          await send(session, p.queue, window);
        }
        const oldest = waiting[0];
        if (!oldest) return total;
        await oldest.confirmed;
        waiting.shift();
        total += oldest.bodies.length;
        failures = 0;
        p.confirmed?.(total);
      } catch (error) {
        if (failures === 0) troubleSince = performance.now();
        const passes = error instanceof ConnectionLost || error instanceof Nacked;
        if (!passes || performance.now() - troubleSince > p.patienceMs) throw error;
        const unconfirmed = waiting.reduce((sum, window) => sum + window.bodies.length, 0);
        p.log.warn(
          { reason: error.message, confirmed: total, unconfirmed },
          'publishing was interrupted, what is unconfirmed is published again',
        );
        await session?.close();
        session = undefined;
        await delay(backoff(++failures));
      }
    }
  } finally {
    source.return(undefined);
    await session?.close();
  }
}

/** The write buffer takes a window more than its mark at most. */
async function send(session: Session, queue: string, window: Window): Promise<void> {
  await session.drained;
  window.confirmed = Promise.all(window.bodies.map((body) => session.send(queue, body)));
  // It may fail long before its turn to be awaited.
  window.confirmed.catch(() => {});
}

function* windowsOf(chunks: Iterable<Chunk>): Generator<Buffer[], void, undefined> {
  let window: Buffer[] = [];
  for (const chunk of chunks) {
    window.push(toBody(encodeChunk(chunk)));
    if (window.length === WINDOW) {
      yield window;
      window = [];
    }
  }
  if (window.length > 0) yield window;
}
