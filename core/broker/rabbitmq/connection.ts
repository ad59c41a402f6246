/** Config → a Broker on RabbitMQ, once it answers. */
import type { Broker, ConnectOptions } from '../port.js';
import type { Config } from '../../runtime/config.js';
import type { Logger } from '../../runtime/logger.js';
import { Link } from './link.js';
import { RabbitmqBroker } from './broker.js';

/**
 * Waits for RabbitMQ up to CONNECT_TIMEOUT_SECONDS.
 * @throws ConfigError when it refuses user or password, or is older than 3.10; BrokerAway when it did not answer in time
 */
export async function connectRabbitmq(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  options: ConnectOptions = {},
): Promise<Broker> {
  const link = new Link(config, log, signal, config.workerName);
  try {
    const connection = await link.connection();
    return new RabbitmqBroker(config, log, signal, { link, connection }, options);
  } catch (error) {
    await link.close();
    throw error;
  }
}
