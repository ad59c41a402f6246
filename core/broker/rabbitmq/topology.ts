/** The queues as data, and how they are declared. */
import type { Channel, ChannelModel, Options } from 'amqplib';
import { backoff, delay } from '../../runtime/backoff.js';
import { asError, ConfigError } from '../../runtime/errors.js';
import { codeOf, INTERNAL_ERROR, isMissingQueue, PRECONDITION_FAILED, quietly, refusal } from './failure.js';
import { closeChannel } from './stream.js';

export interface Topology {
  /** Work: quorum, because only a quorum queue counts the deaths of its consumers. */
  readonly tasks: string;
  /** Where failed chunks wait for RETRY_DELAY_MS, then return to `tasks` by dead-lettering. Nobody consumes it. */
  readonly retry: string;
  /** Payloads that nobody will compute any more, for people. */
  readonly dlq: string;
  /** Chunks of halted runs. */
  readonly parked: string;
  /** What runs are apart from the log: a stream of small events, see run-state.ts. */
  readonly control: string;
  /** The log: a stream, so that reading takes nothing away. */
  readonly results: string;
  /** Exclusive to the seeder that publishes. */
  readonly seeder: string;
  readonly retryDelayMs: number;
}

export function topologyOf(prefix: string, retryDelayMs: number): Topology {
  return {
    tasks: `${prefix}.tasks`,
    retry: `${prefix}.tasks.retry`,
    dlq: `${prefix}.tasks.dlq`,
    parked: `${prefix}.tasks.parked`,
    control: `${prefix}.control`,
    results: `${prefix}.results`,
    seeder: `${prefix}.seeder`,
    retryDelayMs,
  };
}

/**
 * Deliveries after which the broker itself dead-letters: far above the most that MAX_RETRIES allows, so it only ends
 * what no worker lived to judge. A constant, since a queue cannot be declared again with other arguments; positive,
 * since RabbitMQ 3.10 drops the message at once when it is −1.
 */
const DELIVERY_LIMIT = 100;

/**
 * Ten years. From 3.12 on a queue may have a consumer_timeout of its own, and the broker's does not apply to it: a
 * worker that is gone shows by its connection, and how long a chunk may take is for CHUNK_TIMEOUT_SECONDS to say. Older
 * ones ignore it. No version compares it when a queue is declared again (3.10 and 4.0, tried), so it may change.
 */
export const CONSUMER_TIMEOUT = 'x-consumer-timeout';
const CONSUMER_TIMEOUT_MS = 315_360_000_000;

/** With growing pauses: some three seconds. */
const MOST_ATTEMPTS = 6;

/** Each look into the dead-letter queue counts as a delivery, and RabbitMQ 4.0 drops after 20 unless told otherwise. */
const DLQ_DELIVERY_LIMIT = 1_000_000_000;

/**
 * At-least-once keeps a message in its queue until the target has confirmed it: the default may lose what expires at
 * the moment of a crash. It asks for `reject-publish`, which without a length limit never rejects.
 */
function deadLetterTo(queue: string): Record<string, unknown> {
  return {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

/**
 * Nothing leads from `tasks` to `retry` by dead-lettering: a message that dies of the delivery limit and returns by its
 * TTL runs in a cycle, which the broker drops silently. Workers publish to `retry` themselves.
 */
function queues(t: Topology): [name: string, options: Options.AssertQueue][] {
  const durable = (args: Record<string, unknown>): Options.AssertQueue => ({ durable: true, arguments: args });
  return [
    [t.dlq, durable({ 'x-queue-type': 'quorum', 'x-delivery-limit': DLQ_DELIVERY_LIMIT })],
    [
      t.tasks,
      durable({
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        [CONSUMER_TIMEOUT]: CONSUMER_TIMEOUT_MS,
        ...deadLetterTo(t.dlq),
      }),
    ],
    [t.retry, durable({ 'x-queue-type': 'quorum', 'x-message-ttl': t.retryDelayMs, ...deadLetterTo(t.tasks) })],
    [t.parked, durable({ 'x-queue-type': 'quorum', 'x-delivery-limit': DLQ_DELIVERY_LIMIT })],
    [t.control, durable({ 'x-queue-type': 'stream' })],
    // Neither age nor length limit: the log is the evidence.
    [t.results, durable({ 'x-queue-type': 'stream' })],
  ];
}

/**
 * @throws ConfigError when a queue exists with other arguments, cannot be made by this broker, or may not be made by
 *   this user
 */
export async function declareTopology(connection: () => Promise<ChannelModel>, topology: Topology): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const model = await connection();
    let closed: unknown;
    const close = (error: unknown): unknown => (closed = error);
    model.once('close', close);
    try {
      const channel = quietly(await model.createChannel());
      for (const [name, options] of queues(topology)) await declare(model, channel, topology, name, options);
      await closeChannel(channel);
      return;
    } catch (error) {
      // Several pods that create one queue at the same moment can meet its processes half started: 404 or 541, not for
      // long.
      if (error instanceof ConfigError) throw error;
      if (attempt < MOST_ATTEMPTS) await delay(backoff(attempt));
      else if (codeOf(closed) !== INTERNAL_ERROR) throw error;
      else throw new ConfigError(unable('its queues', asError(closed)), { cause: closed });
    } finally {
      model.off('close', close);
    }
  }
}

async function declare(
  model: ChannelModel,
  channel: Channel,
  topology: Topology,
  name: string,
  options: Options.AssertQueue,
): Promise<void> {
  try {
    await channel.assertQueue(name, options);
  } catch (error) {
    const refused = refusal(error, 'configure', `queue ${name}`);
    if (refused) throw refused;
    if (codeOf(error) !== PRECONDITION_FAILED) throw error;
    throw new ConfigError(remedy(name, topology, asError(error), await exists(model, name)), { cause: error });
  }
}

/** On a channel of its own, since the one that was refused is closed. */
async function exists(model: ChannelModel, name: string): Promise<boolean> {
  const channel = quietly(await model.createChannel());
  try {
    await channel.checkQueue(name);
    return true;
  } catch (error) {
    if (isMissingQueue(error)) return false;
    throw error;
  } finally {
    await closeChannel(channel);
  }
}

function remedy(name: string, topology: Topology, error: Error, exists: boolean): string {
  if (!exists) return unable(`queue ${name}`, error);
  const what = `RabbitMQ queue ${name} exists with other arguments (${error.message})`;
  return name === topology.retry
    ? `${what}: a queue's TTL cannot be changed, so set RETRY_DELAY_MS back to what it was, or wait until ${name} is empty, ` +
        'delete it, and start again; or use another QUEUE_PREFIX'
    : `${what}: it was not made by this version of TTG. Use another QUEUE_PREFIX, or delete the queue if nobody needs its content`;
}

function unable(what: string, error: Error): string {
  return (
    `RabbitMQ cannot make ${what} (${error.message}): TTG needs quorum queues and streams. Enable the feature flags quorum_queue ` +
    'and stream_queue (rabbitmqctl enable_feature_flag all), and upgrade the broker where it has none'
  );
}
