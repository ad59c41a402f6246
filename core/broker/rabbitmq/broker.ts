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
import { asError, type LeaseLost } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { DeadLetter } from '../../wire/dead-letter.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { HaltReason, LogEntry, LogRecord } from '../../wire/records.js';
import { toBody } from './codec.js';
import { MAX_RECORD_BYTES, readConcerns } from './concerns.js';
import { versionOf, type Version } from './version.js';
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from './dead-letters.js';
import { Deliveries } from './deliveries.js';
import type { RabbitDelivery } from './delivery.js';
import { readDepth } from './depth.js';
import { silenceMs } from './dial.js';
import { GiveUp } from './give-up.js';
import type { Link } from './link.js';
import { readLog } from './log.js';
import { Management } from './management.js';
import { unpark } from './parked.js';
import { Receiver } from './receiver.js';
import { RunStates } from './run-state.js';
import { SeederLock } from './seeder-lock.js';
import { RabbitmqSeeding } from './seeding.js';
import { Session } from './session.js';
import { Settler } from './settler.js';
import { declareTopology, topologyOf, type Topology } from './topology.js';

const GIVE_BACK_MS = 3000;

/**
 * Measured with 40,000 and 50,000 chunks of the built-in computation, without values: memory grew by 1.9 to 2.1 kB a
 * chunk on 3.10 and by 0.9 to 1.4 kB on 4.0, disk by 1.15 kB (0.5 kB of it the log). Rounded up, since the write-ahead
 * log and the segments it is copied to stand beside each other for a while.
 */
export const MEMORY_PER_CHUNK = 2200;
export const DISK_PER_CHUNK = 1600;
/**
 * Measured with 20,000 dead parameters whose stack was recorded before: 3.6 kB of memory each on 3.10 and 1.8 kB on 4.0, 2.0
 * and 1.8 kB of disk: the task, the record, the dead letter and the event for the run's budget.
 */
const MEMORY_PER_DEAD = 4000;
const DISK_PER_DEAD = 2500;

/** With the chart's quorum_tick_interval of 0.5 s: a held chunk is told by then. That it is gone may be told later. */
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
  readonly #giveUp: GiveUp;
  readonly #link: Link;
  readonly #topology: Topology;
  readonly #management: Management;
  readonly #settler: Settler;
  readonly #receiver: Receiver;
  readonly #states: RunStates;
  readonly #version: Version;

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
      deletesRecords: false,
    };
    this.#config = config;
    this.#log = log;
    this.#signal = signal;
    this.#giveUp = new GiveUp(giveUp, () =>
      link.blocked === undefined ? '' : `: it blocks publishing (${link.blocked})`,
    );
    this.#link = link;
    const topology = topologyOf(config.QUEUE_PREFIX, config.RETRY_DELAY_MS);
    this.#topology = topology;
    this.#version = versionOf(connection);
    this.#management = new Management(config, log);
    const states = new RunStates(link, topology.control, log, (runId) => this.#resumed(runId));
    this.#states = states;
    const held = new Set<RabbitDelivery>();
    const settler = new Settler({
      link,
      topology,
      states,
      log,
      hooks,
      held,
    });
    this.#settler = settler;
    this.#receiver = new Receiver({
      link,
      queue: topology.tasks,
      settler,
      states,
      log,
      held,
      deliveries: new Deliveries(topology, states, log, held),
      patienceMs: config.CONNECT_TIMEOUT_SECONDS * 1000,
    });
  }

  prepare(): Promise<void> {
    return this.#giveUp.limit(
      declareTopology(() => this.#link.connection(), this.#topology),
      'preparing the queues',
    );
  }

  concerns(): Promise<Concern[]> {
    return readConcerns(this.#config, this.#version, this.#link, this.#topology, this.#management);
  }

  async seeding(): Promise<Seeding> {
    const lock = await SeederLock.take(this.#config, this.#log, this.#signal, this.#topology.seeder);
    const patienceMs = this.#config.CONNECT_TIMEOUT_SECONDS * 1000;
    const publishing = { link: this.#link, queue: this.#topology.tasks, log: this.#log, patienceMs };
    return new RabbitmqSeeding(lock, publishing, this.#topology, this.#states);
  }

  receive(options: ReceiveOptions): Promise<Delivery[]> {
    return this.#giveUp.limit(this.#receiver.receive(options), 'receiving');
  }

  settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    return this.#giveUp.limit(this.#settler.settle(settlements), 'settling');
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
    return this.#giveUp.limit(this.#states.read(), 'reading what is halted');
  }

  halt(runId: string, reason: HaltReason, error?: string): Promise<void> {
    return this.#giveUp.limit(this.#halt(runId, reason, error), 'halting a run');
  }

  async #halt(runId: string, reason: HaltReason, error?: string): Promise<void> {
    if ((await this.#states.read()).get(runId)?.halted === reason) return;
    const why = error === undefined ? {} : { error };
    await this.#record({ kind: 'halted', runId, reason, ...why, haltedAt: new Date().toISOString() });
    await this.#states.tell({ run_id: runId, halted: reason });
  }

  async resume(runId: string): Promise<number> {
    if ((await this.#states.read()).get(runId)?.halted !== undefined) {
      // What this process parked is put back below.
      this.#settler.takeParked(runId);
      await this.#record({ kind: 'resumed', runId, resumedAt: new Date().toISOString() });
      await this.#states.tell({ run_id: runId, halted: 'no' });
    }
    return unpark(this.#link, this.#topology, runId);
  }

  /** What this process parked after the other one looked for parked chunks would stay there. */
  #resumed(runId: string): void {
    if (!this.#settler.takeParked(runId)) return;
    unpark(this.#link, this.#topology, runId).catch((error: unknown) =>
      this.#log.warn({ run_id: runId, reason: asError(error).message }, 'parked chunks could not be put back'),
    );
  }

  depth(): Promise<Depth> {
    return this.#giveUp.limit(readDepth(this.#link, this.#topology, this.#management), 'counting chunks');
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
      maxRecordBytes: MAX_RECORD_BYTES,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = new AbortController();
    this.#states.close();
    const given = this.#giveUp.limit(this.#receiver.dispose(), 'giving back what is held').catch(() => undefined);
    await Promise.race([given, delay(GIVE_BACK_MS, over.signal)]);
    over.abort();
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
}
