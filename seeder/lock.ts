/** The right to publish, waited for while another seeder has it. */
import { backoff, delay } from '../core/runtime/backoff.js';
import type { Broker, Seeding } from '../core/broker/port.js';
import { SeederBusy } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';

export async function takeSeeding(broker: Pick<Broker, 'seeding'>, log: Logger, stop: AbortSignal): Promise<Seeding> {
  for (let n = 1; ; n++) {
    try {
      return await broker.seeding();
    } catch (thrown) {
      if (!(thrown instanceof SeederBusy) || stop.aborted) throw thrown;
      if (n === 1) log.info('another seeder is at work: waiting for it');
      await delay(backoff(n), stop);
    }
  }
}
