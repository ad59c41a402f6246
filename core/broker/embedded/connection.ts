/** Config → a Broker on the coordinator of this machine, once it answers. */
import type { Broker, ConnectOptions } from '../port.js';
import type { Config } from '../../runtime/config.js';
import type { Logger } from '../../runtime/logger.js';
import { EmbeddedBroker } from './broker.js';
import { Link } from './link.js';

/**
 * Waits for the coordinator up to CONNECT_TIMEOUT_SECONDS.
 * @throws ConfigError when the socket may not be opened or is nobody's of ours, Error when nobody answered in time
 */
export async function connectEmbedded(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  options: ConnectOptions = {},
): Promise<Broker> {
  const link = new Link(config, log, options.giveUp);
  try {
    await link.open(signal);
  } catch (error) {
    link.close();
    throw error;
  }
  return new EmbeddedBroker(config, link, options);
}
