/** Reading the depth of a queue whose statistics do not answer yet: RabbitMQ takes connections before that. */
import { backoff, delay } from '../runtime/backoff.js';
import type { Broker, Depth } from './port.js';

/** About half a minute. */
const TRIES = 20;

/** @throws the broker's error once the tries are used up, or when the signal aborts */
export async function patientDepth(broker: Pick<Broker, 'depth'>, stop: AbortSignal, tries = TRIES): Promise<Depth> {
  for (let n = 1; ; n++) {
    try {
      return await broker.depth();
    } catch (thrown) {
      if (n === tries || stop.aborted) throw thrown;
      await delay(backoff(n), stop);
    }
  }
}
