/** Config → Broker: waits for Redis, and refuses what will not get better by waiting. */
import type { Broker, ConnectOptions } from '../port.js';
import type { Config } from '../../runtime/config.js';
import { asError, BrokerAway, ConfigError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { RedisBroker } from './broker.js';
import { createClient, type Client } from './dial.js';
import { classify, refusal } from './failure.js';
import { Link } from './link.js';

const REPORT_EVERY_MS = 5000;

/**
 * Waits for the broker up to CONNECT_TIMEOUT_SECONDS.
 * @throws ConfigError when it refuses the credentials, is older than 7.0 or runs in a mode that cannot keep the
 *   promise,
 *   BrokerAway when it did not answer in time or stayed a replica, the signal's reason when that aborts
 */
export async function connectRedis(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  options: ConnectOptions = {},
): Promise<Broker> {
  signal.throwIfAborted();
  const client = createClient(config);
  try {
    await untilReady(client, config, log, signal);
  } catch (error) {
    client.redis.disconnect();
    throw error;
  }
  return new RedisBroker(config, log, new Link(client, config, log, options.giveUp), options);
}

function untilReady({ redis, where, fault }: Client, config: Config, log: Logger, signal: AbortSignal): Promise<void> {
  let reason = 'no answer, or it is still loading its data';
  return new Promise<void>((resolve, reject) => {
    const end = (error?: unknown): void => {
      clearTimeout(deadline);
      clearTimeout(report);
      redis.off('ready', end).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(asError(error));
    };
    const onAbort = (): void => end(signal.reason);
    const onError = (error: Error): void => {
      reason = error.message || String((error as NodeJS.ErrnoException).code);
      if (classify(error) === 'refused') end(refusal(error, where));
    };
    // A replica may be the primary soon, or the address may soon name another server.
    const onClose = (): void => {
      const found = fault();
      if (found instanceof ConfigError) end(found);
      else if (found !== undefined) reason = found;
    };
    const deadline = setTimeout(() => {
      end(
        new BrokerAway(
          `${where} did not become ready within CONNECT_TIMEOUT_SECONDS=${config.CONNECT_TIMEOUT_SECONDS} (${reason}): ` +
            'see whether its pod runs and whether REDIS_HOST and REDIS_PORT name it',
        ),
      );
    }, config.CONNECT_TIMEOUT_SECONDS * 1000);
    // First after a moment: a broker that answers at once is not worth a line.
    let report = setTimeout(function tell() {
      log.info({ host: config.REDIS_HOST, port: config.REDIS_PORT, reason }, 'waiting for Redis');
      report = setTimeout(tell, REPORT_EVERY_MS);
    }, 500);
    redis.once('ready', end);
    redis.on('close', onClose);
    redis.on('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
