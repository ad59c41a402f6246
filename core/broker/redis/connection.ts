/** Config → Broker: waits for Redis, and refuses what will not get better by waiting. */
import type { Redis } from 'ioredis';
import type { Broker, Hooks } from '../port.js';
import type { Config } from '../../runtime/config.js';
import { asError, ConfigError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { classify, createClient } from './dial.js';
import { Link } from './link.js';
import { RedisBroker } from './broker.js';

const OLDEST = 7;
const REPORT_EVERY_MS = 5000;

/**
 * Waits for the broker up to CONNECT_TIMEOUT_SECONDS.
 * @throws ConfigError when it refuses the credentials or is older than 7.0, Error when it did not answer in time, the
 *   signal's reason when that aborts
 */
export async function connectRedis(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  hooks: Hooks = {},
): Promise<Broker> {
  signal.throwIfAborted();
  const redis = createClient(config);
  try {
    await untilReady(redis, config, log, signal);
    await checkVersion(redis, config);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return new RedisBroker(config, log, new Link(redis, log), hooks);
}

function untilReady(redis: Redis, config: Config, log: Logger, signal: AbortSignal): Promise<void> {
  const where = `Redis at ${config.REDIS_HOST}:${config.REDIS_PORT}`;
  let reason = 'no answer, or it is still loading its data';
  return new Promise<void>((resolve, reject) => {
    const end = (error?: unknown): void => {
      clearTimeout(deadline);
      clearTimeout(report);
      redis.off('ready', end).off('error', onError);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(asError(error));
    };
    const onAbort = (): void => end(signal.reason);
    const onError = (error: Error): void => {
      reason = error.message || String((error as NodeJS.ErrnoException).code);
      if (classify(error) === 'refused') {
        end(
          new ConfigError(
            `${where} refused the credentials (${reason}): set REDIS_PASSWORD to the password it was started with`,
          ),
        );
      }
    };
    const deadline = setTimeout(() => {
      end(
        new Error(
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
    redis.on('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function checkVersion(redis: Redis, config: Config): Promise<void> {
  const version = /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown';
  if (Number.parseInt(version, 10) < OLDEST) {
    const where = `Redis at ${config.REDIS_HOST}:${config.REDIS_PORT}`;
    throw new ConfigError(`${where} is ${version}, but TTG needs ${OLDEST}.0 or newer: upgrade it`);
  }
}
