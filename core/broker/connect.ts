/** Config → Broker. Loads only the client that the configuration names: start-up is throughput. */
import type { Broker, ConnectOptions } from './port.js';
import type { Config } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';

/**
 * Waits for the broker up to CONNECT_TIMEOUT_SECONDS.
 * @throws ConfigError when it refuses the credentials, BrokerAway when it did not answer in time
 */
export async function connect(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  options: ConnectOptions = {},
): Promise<Broker> {
  if (config.QUEUE_BACKEND === 'redis') {
    const { connectRedis } = await import('./redis/connection.js');
    return connectRedis(config, log, signal, options);
  }
  const { connectRabbitmq } = await import('./rabbitmq/connection.js');
  return connectRabbitmq(config, log, signal, options);
}
