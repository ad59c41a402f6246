/** Config → a Broker on RabbitMQ, once it answers. */
import type { Broker, Hooks } from '../broker.js';
import type { Config } from '../config.js';
import type { Logger } from '../logger.js';
import { Link } from './link.js';
import { RabbitmqBroker } from './rabbitmq-broker.js';

/**
 * Waits for RabbitMQ up to CONNECT_TIMEOUT_SECONDS.
 * @throws ConfigError when it refuses user or password, or is older than 3.10; Error when it did not answer in time
 */
export async function connectRabbitmq(config: Config, log: Logger, signal: AbortSignal, hooks: Hooks = {}): Promise<Broker> {
  const link = new Link(config, log, signal, config.workerName);
  try {
    await link.connection();
  } catch (error) {
    await link.close();
    throw error;
  }
  return new RabbitmqBroker(config, log, signal, link, hooks);
}
