/** One attempt to connect, and what its failure means. */
import { connect, type ChannelModel, type SocketOptions } from 'amqplib';
import type { Config } from '../../runtime/config.js';
import { ConfigError, CredentialsRefused } from '../../runtime/errors.js';
import { quietly } from './failure.js';

export interface Line {
  readonly model: ChannelModel;
  /** Cuts the socket when a polite close goes unanswered. */
  cut(): void;
}

/** Processes without a lease of their own, such as the seeder, are missed after 15 s at the latest. */
const LONGEST_HEARTBEAT_SECONDS = 5;
const DIAL_TIMEOUT_MS = 10_000;
const OLDEST: readonly [number, number] = [3, 10];

/**
 * Both ends take the other for dead between two and three intervals after the last byte (rabbit_heartbeat counts two
 * checks without a change, and so does amqplib): at most 1.2 leases, or 3 s where that is longer. The broker's own value
 * wins only if it is smaller, so it is left above these.
 * @param leaseMs STALE_THRESHOLD_MS
 */
export function heartbeatSeconds(leaseMs: number): number {
  return Math.max(1, Math.min(LONGEST_HEARTBEAT_SECONDS, Math.floor(leaseMs / 2500)));
}

/** How long the broker takes to miss a client, at most. @param leaseMs STALE_THRESHOLD_MS */
export function silenceMs(leaseMs: number): number {
  return 3000 * heartbeatSeconds(leaseMs);
}

/** @throws ConfigError when the broker refuses user or password, or is too old; any other error may pass */
export async function dial(config: Config, purpose: string, signal?: AbortSignal): Promise<Line> {
  const socket = new AbortController();
  const cut = (): void => socket.abort();
  signal?.addEventListener('abort', cut, { once: true });
  const options: SocketOptions & { signal: AbortSignal } = {
    noDelay: true,
    timeout: DIAL_TIMEOUT_MS,
    clientProperties: { connection_name: `${config.workerName} ${purpose}` },
    signal: socket.signal,
  };
  try {
    signal?.throwIfAborted();
    const model = quietly(
      await connect(
        {
          hostname: config.RABBITMQ_HOST,
          port: config.RABBITMQ_PORT,
          username: config.RABBITMQ_USER,
          password: config.RABBITMQ_PASSWORD,
          vhost: encodeURIComponent(config.RABBITMQ_VHOST),
          heartbeat: heartbeatSeconds(config.STALE_THRESHOLD_MS),
        },
        options,
      ),
    );
    checkVersion(model, cut);
    return { model, cut };
  } catch (error) {
    throw explain(config, error);
  } finally {
    signal?.removeEventListener('abort', cut);
  }
}

function checkVersion(model: ChannelModel, cut: () => void): void {
  const version = String(model.connection.serverProperties['version']);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  cut();
  throw new ConfigError(
    `RabbitMQ is version ${version}, but at least ${OLDEST.join('.')} is needed (message TTL on quorum queues): upgrade the broker`,
  );
}

/** During the handshake amqplib puts the reply code into the text only. */
function explain(config: Config, error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('403 (ACCESS')) {
    return new CredentialsRefused(
      `RabbitMQ at ${config.RABBITMQ_HOST}:${config.RABBITMQ_PORT} refuses user ${JSON.stringify(config.RABBITMQ_USER)}: ` +
        'set RABBITMQ_USER and RABBITMQ_PASSWORD to a user it knows (the user guest may connect from the local host only)',
    );
  }
  // Without a reason: a limit of connections, which may pass, looks the same.
  if (message.includes('Expected ConnectionOpenOk; got <ConnectionClose')) {
    return new Error(
      `virtual host ${JSON.stringify(config.RABBITMQ_VHOST)} is refused to user ${JSON.stringify(config.RABBITMQ_USER)}: ` +
        'set RABBITMQ_VHOST to one that exists, and give the user permissions on it',
      { cause: error },
    );
  }
  return error;
}
