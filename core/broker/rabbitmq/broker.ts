/** The port on RabbitMQ: composes queues, receiver, publisher and log over one connection. */
import type { ChannelModel } from 'amqplib';
import { delay } from '../../runtime/backoff.js';
import type {
  Broker,
  Capacity,
  Concern,
  ConnectOptions,
  Delivery,
  Depth,
  ReceiveOptions,
  RunState,
  Seeding,
  Settlement,
  Traits,
} from '../port.js';
import type { Config } from '../../runtime/config.js';
import { asError, LeaseLost, ProtocolError, SettledBefore, Unrecordable } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import type { DeadLetter } from '../../wire/dead-letter.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { HaltReason, LogEntry, LogRecord } from '../../wire/records.js';
import { attemptHeaders, fromBody, toBody } from './codec.js';
import { maxRecordBytes, readConcerns } from './concerns.js';
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from './dead-letters.js';
import type { RabbitDelivery } from './delivery.js';
import { readDepth } from './depth.js';
import { silenceMs } from './dial.js';
import type { Link } from './link.js';
import { readLog } from './log.js';
import { Management } from './management.js';
import { Receiver } from './receiver.js';
import { RunStates } from './run-state.js';
import { SeederLock } from './seeder-lock.js';
import { RabbitmqSeeding } from './seeding.js';
import { Session } from './session.js';
import { takeAll } from './take-all.js';
import { declareTopology, topologyOf, type Topology } from './topology.js';

const GIVE_BACK_MS = 3000;

/**
 * Measured with 40,000 and 50,000 chunks of the built-in computation, without values: memory grew by 1.9 to 2.1 kB a chunk
 * on 3.10 and by 0.9 to 1.4 kB on 4.0, disk by 1.15 kB (0.5 kB of it the log). Rounded up, since the write-ahead log and
 * the segments it is copied to stand beside each other for a while.
 */
const MEMORY_PER_CHUNK = 2200;
const DISK_PER_CHUNK = 1600;
/** A dead letter is a message of a quorum queue with its reason in headers, beside its record. */
const MEMORY_PER_DEAD = 3000;
const DISK_PER_DEAD = 2500;

/** With the chart's collect_statistics_interval of 1 s and quorum_tick_interval of 0.5 s. */
const LAG_MS = 1500;
/**
 * Longer than the count of held chunks is old: a quorum queue tells it every 5 s, and it is collected every
 * collect_statistics_interval (5 s unless it is set; with the chart's 1 s it was measured up to 7.3 s late).
 */
const QUIET_MS = 12_000;

export class RabbitmqBroker implements Broker {
  readonly traits: Traits;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #giveUp: AbortSignal | undefined;
  readonly #link: Link;
  readonly #topology: Topology;
  readonly #management: Management;
  readonly #receiver: Receiver;
  readonly #states: RunStates;
  readonly #maxRecordBytes: number;

  /** @param connection that of the link */
  constructor(
    config: Config,
    log: Logger,
    signal: AbortSignal,
    { link, connection }: { link: Link; connection: ChannelModel },
    { hooks = {}, giveUp }: ConnectOptions,
  ) {
    this.traits = {
      listsQueue: false,
      silenceMs: silenceMs(config.STALE_THRESHOLD_MS),
      lagMs: LAG_MS,
      quietMs: QUIET_MS,
    };
    this.#config = config;
    this.#log = log;
    this.#signal = signal;
    this.#giveUp = giveUp;
    this.#link = link;
    this.#topology = topologyOf(config.QUEUE_PREFIX, config.RETRY_DELAY_MS);
    this.#management = new Management(config, log);
    this.#states = new RunStates(link, this.#topology.control, log);
    this.#maxRecordBytes = maxRecordBytes(connection);
    this.#receiver = new Receiver(link, log, config.CONNECT_TIMEOUT_SECONDS * 1000, {
      topology: this.#topology,
      hooks,
      maxRecordBytes: this.#maxRecordBytes,
      isOpen: (connection) => this.#link.isOpen(connection),
      died: (session, { runId, start, end }) => this.#states.tell({ run_id: runId, died: end - start + 1 }, session),
    });
  }

  prepare(): Promise<void> {
    return declareTopology(() => this.#link.connection(), this.#topology);
  }

  concerns(): Promise<Concern[]> {
    return readConcerns(this.#config, this.#management);
  }

  async seeding(): Promise<Seeding> {
    const lock = await SeederLock.take(this.#config, this.#log, this.#signal, this.#topology.seeder);
    const patienceMs = this.#config.CONNECT_TIMEOUT_SECONDS * 1000;
    const publishing = { link: this.#link, queue: this.#topology.tasks, log: this.#log, patienceMs };
    return new RabbitmqSeeding(lock, publishing, this.#topology.results, this.#states);
  }

  receive(options: ReceiveOptions): Promise<Delivery[]> {
    return this.#receiver.receive(options);
  }

  /** All of them are published before the first confirm is waited for. */
  async settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    const settled = settlements.map((settlement) =>
      (settlement.delivery as RabbitDelivery).settle(settlement).then(
        () => undefined,
        (error: unknown) => asError(error),
      ),
    );
    const answers = await this.#untilGivenUp(Promise.all(settled));
    const unknown = answers.find((error) => error && !isAnswer(error));
    if (unknown) throw unknown;
    return answers;
  }

  async extendLeases(deliveries: readonly Delivery[]): Promise<(LeaseLost | undefined)[]> {
    return deliveries.map((delivery) => (delivery as RabbitDelivery).leaseLost());
  }

  records(options: { readonly follow?: AbortSignal } = {}): AsyncIterable<LogEntry> {
    return readLog(this.#link, this.#topology.results, options.follow);
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return listDeadLetters(this.#link, this.#topology);
  }

  replay(ids: readonly string[]): Promise<string[]> {
    return replayDeadLetters(this.#link, this.#topology, this.#states, ids);
  }

  drop(ids: readonly string[]): Promise<string[]> {
    return dropDeadLetters(this.#link, this.#topology, ids);
  }

  runStates(): Promise<ReadonlyMap<string, RunState>> {
    return this.#states.read();
  }

  async halt(runId: string, reason: HaltReason): Promise<void> {
    if ((await this.#states.read()).get(runId)?.halted === reason) return;
    await this.#record({ kind: 'halted', runId, reason, haltedAt: new Date().toISOString() });
    await this.#states.tell({ run_id: runId, halted: reason });
  }

  async resume(runId: string): Promise<number> {
    if ((await this.#states.read()).get(runId)?.halted !== undefined) {
      await this.#record({ kind: 'resumed', runId, resumedAt: new Date().toISOString() });
      await this.#states.tell({ run_id: runId, halted: 'no' });
    }
    let moved = 0;
    for await (const { message, session } of takeAll(this.#link, this.#topology.parked)) {
      if (runOf(message.content) !== runId) continue;
      await session.send(this.#topology.tasks, message.content, attemptHeaders(0));
      session.ack(message);
      moved++;
    }
    return moved;
  }

  depth(): Promise<Depth> {
    return readDepth(this.#link, this.#topology, this.#management);
  }

  async capacity(): Promise<Capacity> {
    const { used, limit } = await this.#management.memory();
    return {
      memoryUsed: used,
      memoryLimit: limit,
      memoryPerChunk: MEMORY_PER_CHUNK,
      diskPerChunk: DISK_PER_CHUNK,
      memoryPerDead: MEMORY_PER_DEAD,
      diskPerDead: DISK_PER_DEAD,
      maxRecordBytes: this.#maxRecordBytes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timeout = new AbortController();
    this.#states.close();
    await Promise.race([this.#receiver.dispose(), delay(GIVE_BACK_MS, timeout.signal)]);
    timeout.abort();
    await this.#link.close();
  }

  async #record(record: LogRecord): Promise<void> {
    const session = await Session.open(await this.#link.connection());
    try {
      await session.send(this.#topology.results, toBody(encodeRecord(record)));
    } finally {
      await session.close();
    }
  }

  /** A broker that blocks publishers confirms nothing, for as long as it is full. */
  async #untilGivenUp<T>(answer: Promise<T>): Promise<T> {
    const giveUp = this.#giveUp;
    if (!giveUp) return answer;
    const over = new AbortController();
    const given = new Promise<never>((_, reject) => {
      const end = (): void =>
        reject(new Error('gave up settling: the grace period is over and RabbitMQ has not confirmed'));
      if (giveUp.aborted) end();
      else giveUp.addEventListener('abort', end, { once: true, signal: over.signal });
    });
    try {
      return await Promise.race([answer, given]);
    } finally {
      over.abort();
    }
  }
}

/** Answers of the port; any other error means that nobody knows what happened. */
function isAnswer(error: Error): boolean {
  return error instanceof LeaseLost || error instanceof Unrecordable || error instanceof SettledBefore;
}

function runOf(body: Buffer): string | undefined {
  try {
    return decodeChunk(fromBody(body)).runId;
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
