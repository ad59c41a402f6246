/**
 * Patience with a broker that takes connections before its statistics answer, as RabbitMQ does right after its start;
 * and its end with one that answers nothing.
 */
import { backoff, delay } from '../runtime/backoff.js';
import { BrokerAway } from '../runtime/errors.js';
import type { Broker, Depth } from './port.js';

const PATIENCE_MS = 30_000;

/**
 * The depth of the queue, asked for again until it is told.
 * @param patienceMs when that has passed, or `stop` aborts, the broker's own error is thrown
 */
export async function patientDepth(
  broker: Pick<Broker, 'depth'>,
  stop: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<Depth> {
  const deadline = performance.now() + patienceMs;
  for (let n = 1; ; n++) {
    try {
      return await broker.depth();
    } catch (thrown) {
      const left = deadline - performance.now();
      if (left <= 0 || stop.aborted) throw thrown;
      await delay(Math.min(backoff(n), left), stop);
    }
  }
}

/**
 * The answer, if it comes in time: whatever the adapter still waits for, a connection that it opens again or one on
 * which nothing arrives.
 * @throws BrokerAway when it does not, or the answer's own error
 */
export async function within<T>(answer: Promise<T>, patienceMs: number): Promise<T> {
  const over = new AbortController();
  // If it comes too late nobody hears of it.
  answer.catch(() => undefined);
  const end = async (): Promise<never> => {
    await delay(patienceMs, over.signal);
    throw new BrokerAway(`no answer for ${patienceMs / 1000} s`);
  };
  const late = end();
  late.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

/** One by one, each within that time. @throws BrokerAway when the next one does not come */
export async function* eachWithin<T>(items: AsyncIterable<T>, patienceMs: number): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let isAsked = false;
  try {
    for (;;) {
      isAsked = true;
      const next = await within(iterator.next(), patienceMs);
      isAsked = false;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // One that is still waiting would end only after its answer: its caller closes the connection under it.
    if (!isAsked) await iterator.return?.();
  }
}
