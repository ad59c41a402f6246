/** What of RabbitMQ's settings endangers the promise, as far as the broker tells. */
import { asError } from '../../runtime/errors.js';
import { BYTES_PER_NUMBER } from '../../wire/values-codec.js';
import { keepsValues, storeOf } from '../../model/plan.js';
import type { Config } from '../../runtime/config.js';
import type { Concern } from '../port.js';
import { PRECONDITION_FAILED, codeOf } from './failure.js';
import type { Link } from './link.js';
import type { Management } from './management.js';
import { Session } from './session.js';
import { CONSUMER_TIMEOUT, type Topology } from './topology.js';
import { isAtLeast, type Version } from './version.js';

/** Unless it is set, RabbitMQ takes back what is held for so long. */
const DEFAULT_CONSUMER_TIMEOUT_SECONDS = 1800;
/** What a chunk may wait for its turn behind others that its worker holds. */
const WAIT_SECONDS = 120;
/** Queues have a consumer timeout of their own from here on. */
const TIMEOUT_PER_QUEUE: Version = [3, 12];

const MIB = 1 << 20;
/** Every broker takes a record of this size; a larger one is tried before anything is published. */
const SURELY_TAKEN = 64 * 1024;

/**
 * RabbitMQ 4 takes messages of 16 MiB unless it is told otherwise, and does not say; older ones take more. Nobody
 * should send it: encoding a record of 128 MiB keeps a worker from its heartbeats. The rest is room for the envelope.
 */
export const MAX_RECORD_BYTES = 15 * MIB;

/** The largest record of a run with these settings, roughly. */
export function recordBytes(
  config: Pick<Config, 'CHUNK_SIZE' | 'KEEP_VALUES' | 'RESULTS_STORE' | 'SWEEP_FILE'>,
): number {
  return 1024 + (keepsValues(config) && !storeOf(config).store ? config.CHUNK_SIZE * BYTES_PER_NUMBER : 0);
}

/** @param queueArguments of the queue of tasks; undefined where the management API does not answer */
export function timeoutConcern(
  config: Pick<Config, 'CHUNK_TIMEOUT_SECONDS'>,
  version: Version,
  queueArguments: Readonly<Record<string, unknown>> | undefined,
): Concern | undefined {
  const own = isAtLeast(version, TIMEOUT_PER_QUEUE) && (!queueArguments || CONSUMER_TIMEOUT in queueArguments);
  if (own || config.CHUNK_TIMEOUT_SECONDS + WAIT_SECONDS <= DEFAULT_CONSUMER_TIMEOUT_SECONDS) return undefined;
  return {
    fatal: false,
    message:
      `CHUNK_TIMEOUT_SECONDS=${config.CHUNK_TIMEOUT_SECONDS} may be longer than RabbitMQ ${version.join('.')} lets a ` +
      `worker hold a chunk: its consumer_timeout is ${DEFAULT_CONSUMER_TIMEOUT_SECONDS} s unless it is set, and it ` +
      "does not tell. Set it above CHUNK_TIMEOUT_SECONDS in rabbitmq.conf (the chart's broker has it)" +
      (isAtLeast(version, TIMEOUT_PER_QUEUE)
        ? ', or delete the queue of tasks while it is empty: made anew, it has a time limit of its own'
        : ', or use RabbitMQ 3.12 or later, where the queue has a time limit of its own'),
  };
}

export async function readConcerns(
  config: Config,
  version: Version,
  link: Link,
  topology: Topology,
  management: Management,
): Promise<Concern[]> {
  const [queueArguments, alarms, tooLarge] = await Promise.all([
    management.arguments(topology.tasks),
    management.alarms(),
    tryRecord(link, Math.min(recordBytes(config), MAX_RECORD_BYTES)),
  ]);
  const concerns = [timeoutConcern(config, version, queueArguments), tooLarge].filter((each) => each !== undefined);
  if (!alarms) {
    concerns.push({
      fatal: false,
      message:
        "RabbitMQ's management API does not answer, which tells how many chunks workers hold and whether the broker " +
        'is full: check RABBITMQ_MANAGEMENT_PORT, and that the user has the tag monitoring',
    });
  }
  for (const { node, of } of alarms ?? []) {
    concerns.push({
      fatal: false,
      message:
        `RabbitMQ node ${node} has raised its ${of} alarm and takes no messages until there is room: raise its ` +
        'limit or free some',
    });
  }
  return concerns;
}

/**
 * Whether the broker takes a record of this size: the only way to learn its max_message_size. It is not kept anywhere.
 */
async function tryRecord(link: Link, bytes: number): Promise<Concern | undefined> {
  if (bytes <= SURELY_TAKEN) return undefined;
  const session = await Session.open(await link.connection());
  try {
    await session.sendNowhere(Buffer.alloc(bytes));
    return undefined;
  } catch (error) {
    const cause = asError(error).cause;
    if (codeOf(cause) !== PRECONDITION_FAILED) throw error;
    return {
      fatal: true,
      message:
        `records with the values of a chunk have up to ${bytes} bytes, and RabbitMQ does not take them ` +
        `(${asError(cause).message}): raise max_message_size in rabbitmq.conf, make smaller chunks (CHUNK_SIZE; ` +
        'chart: run.chunkSize), or keep no values (RESULTS_STORE=none; chart: results.store)',
    };
  } finally {
    await session.close();
  }
}
