/**
 * Patience with a broker that takes connections before its statistics answer, as RabbitMQ does right after its start.
 */
import { backoff, delay } from '../runtime/backoff.js';
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
