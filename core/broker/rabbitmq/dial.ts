/** One attempt to connect, and what its failure means. */
import { connect, type ChannelModel, type SocketOptions } from 'amqplib';
import type { Config } from '../../runtime/config.js';
import { ConfigError, CredentialsRefused } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { ACCESS_REFUSED, quietly } from './failure.js';
import { Management } from './management.js';
import { isAtLeast, versionOf, type Version } from './version.js';

export interface Line {
  readonly model: ChannelModel;
  /** Cuts the socket when a polite close goes unanswered. */
  cut(): void;
}

/** Processes without a lease of their own, such as the seeder, are missed after 15 s at the latest. */
const LONGEST_HEARTBEAT_SECONDS = 5;
const DIAL_TIMEOUT_MS = 10_000;
const OLDEST: Version = [3, 10];

/**
 * Both ends take the other for dead between two and three intervals after the last byte (rabbit_heartbeat counts two
 * checks without a change, and so does amqplib): at most 1.2 leases, or 3 s where that is longer. The broker's own
 * value wins only if it is smaller, so it is left above these.
 * @param leaseMs STALE_THRESHOLD_MS
 */
export function heartbeatSeconds(leaseMs: number): number {
  return Math.max(1, Math.min(LONGEST_HEARTBEAT_SECONDS, Math.floor(leaseMs / 2500)));
}

/** How long the broker takes to miss a client, at most. @param leaseMs STALE_THRESHOLD_MS */
export function silenceMs(leaseMs: number): number {
  return 3000 * heartbeatSeconds(leaseMs);
}

/**
 * @throws ConfigError when the broker refuses user, password or virtual host, or is too old; any other error may pass
 */
export async function dial(config: Config, log: Logger, purpose: string, signal?: AbortSignal): Promise<Line> {
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
    throw await explain(config, log, error);
  } finally {
    signal?.removeEventListener('abort', cut);
  }
}

function checkVersion(model: ChannelModel, cut: () => void): void {
  if (isAtLeast(versionOf(model), OLDEST)) return;
  cut();
  throw new ConfigError(
    `RabbitMQ is version ${String(model.connection.serverProperties['version'])}, but at least ${OLDEST.join('.')} is needed ` +
      '(message TTL on quorum queues): upgrade the broker',
  );
}

/**
 * During the handshake amqplib puts the broker's answer into the text of its error only, and of the refusal of a
 * virtual host not even the reply code. This is the one place that reads words; whatever it does not know may pass.
 */
async function explain(config: Config, log: Logger, error: unknown): Promise<unknown> {
  const message = error instanceof Error ? error.message : String(error);
  const user = JSON.stringify(config.RABBITMQ_USER);
  if (message.includes(`${ACCESS_REFUSED} (ACCESS`)) {
    return new CredentialsRefused(
      `RabbitMQ at ${config.RABBITMQ_HOST}:${config.RABBITMQ_PORT} refuses user ${user}: ` +
        'set RABBITMQ_USER and RABBITMQ_PASSWORD to a user it knows (the user guest may connect from the local host only)',
      { cause: error },
    );
  }
  if (message.includes('Expected ConnectionOpenOk; got <ConnectionClose')) {
    const vhost = JSON.stringify(config.RABBITMQ_VHOST);
    // A limit of connections looks the same here, and passes: what is for good only the management API tells.
    const obstacle = await new Management(config, log).vhostObstacle();
    if (obstacle === 'missing') {
      return new ConfigError(
        `RabbitMQ has no virtual host ${vhost}: set RABBITMQ_VHOST to one that exists, or make it (rabbitmqctl add_vhost)`,
        { cause: error },
      );
    }
    if (obstacle === 'forbidden') {
      return new ConfigError(
        `RabbitMQ refuses user ${user} the virtual host ${vhost}: give it configure, write and read there ` +
          '(rabbitmqctl set_permissions -p), or set RABBITMQ_VHOST to one that it may use',
        { cause: error },
      );
    }
    return new Error(
      `virtual host ${vhost} is refused to user ${user}: set RABBITMQ_VHOST to one that exists, and give the user permissions on it`,
      { cause: error },
    );
  }
  return error;
}
