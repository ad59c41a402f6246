/** The port on Redis: puts the parts together and keeps the deliveries that are not settled. */
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
import { type LeaseLost, ProtocolError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import type { DeadLetter } from '../../wire/dead-letter.js';
import type { HaltReason, LogEntry } from '../../wire/records.js';
import { fromFields } from './codec.js';
import { readConcerns } from './concerns.js';
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from './dead-letters.js';
import { RedisDelivery, type Lease } from './delivery.js';
import { staleAfterMs } from '../stale.js';
import { readCapacity, readDepth } from './depth.js';
import { createClient } from './dial.js';
import { createGroup, ensureUsable, recentLeases } from './group.js';
import { keysFor, type Keys } from './keys.js';
import { Link } from './link.js';
import { readRecords } from './log.js';
import { Receiver, type Leased } from './receiver.js';
import { haltRun, readRunStates, resumeRun } from './run-state.js';
import { loadScripts, type Scripts } from './scripts.js';
import { SeederLock } from './seeder-lock.js';
import { RedisSeeding } from './seeding.js';
import { settleAll } from './settle-all.js';
import { Settler } from './settler.js';

/** Disposal is a courtesy to others, who recover without it: it may not hold up the end of the process. */
const DISPOSE_MS = 2000;

export class RedisBroker implements Broker {
  readonly traits: Traits;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #options: ConnectOptions;
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #settler: Settler;
  readonly #receiver: Receiver;
  /** By the id of their entry; without what is settled. */
  readonly #held = new Map<string, RedisDelivery>();

  /** @param link connected; the broker's own from now on */
  constructor(config: Config, log: Logger, link: Link, options: ConnectOptions) {
    this.traits = { listsQueue: true, silenceMs: staleAfterMs(config), lagMs: 0, quietMs: 0, deletesRecords: true };
    this.#config = config;
    this.#log = log;
    this.#options = options;
    this.#link = link;
    this.#keys = keysFor(config);
    this.#scripts = loadScripts();
    this.#settler = new Settler(link, this.#keys, this.#scripts, config);
    this.#receiver = new Receiver(link, this.#keys, this.#scripts, config, this.#open, this.#giveBackUnheard);
  }

  /** @throws ConfigError where a right is missing, or where a key holds what is not TTG's */
  async prepare(): Promise<void> {
    await ensureUsable(this.#link, this.#keys, this.#scripts);
    // All other stores come to be with their first entry.
    await createGroup(this.#link, this.#keys);
  }

  concerns(): Promise<Concern[]> {
    return readConcerns(this.#link);
  }

  async seeding(): Promise<Seeding> {
    const lock = await SeederLock.take(this.#link, this.#keys, this.#scripts, this.#log);
    return new RedisSeeding(this.#link, this.#keys, this.#scripts, lock);
  }

  async receive(options: ReceiveOptions): Promise<Delivery[]> {
    const until = performance.now() + options.waitMs;
    for (;;) {
      const leased = await this.#receiver.next(options, until);
      const deliveries: RedisDelivery[] = [];
      for (const entry of leased) {
        const delivery = await this.#deliver(entry);
        if (delivery) deliveries.push(delivery);
      }
      // Where all was undecodable the wait goes on.
      if (deliveries.length > 0 || leased.length === 0) return deliveries;
    }
  }

  settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    return settleAll(settlements, this.#settler, this.#held, this.#options.hooks?.recorded);
  }

  async extendLeases(deliveries: readonly Delivery[]): Promise<(LeaseLost | undefined)[]> {
    const held = deliveries as readonly RedisDelivery[];
    const kept = await this.#settler.extend(held.map(({ lease }) => lease));
    // A heartbeat may come after the settle that ended the lease.
    return held.map((delivery, i) => (kept[i] || delivery.settledBy !== undefined ? undefined : delivery.lost()));
  }

  records(options?: { readonly follow?: AbortSignal }): AsyncIterable<LogEntry> {
    return readRecords(this.#link, this.#keys, this.#open, options?.follow);
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return listDeadLetters(this.#link, this.#keys);
  }

  replay(ids: readonly string[]): Promise<string[]> {
    return replayDeadLetters(this.#link, this.#keys, this.#scripts, ids);
  }

  drop(ids: readonly string[]): Promise<string[]> {
    return dropDeadLetters(this.#link, this.#keys, ids);
  }

  runStates(): Promise<Map<string, RunState>> {
    return readRunStates(this.#link, this.#keys);
  }

  halt(runId: string, reason: HaltReason, error?: string): Promise<void> {
    return haltRun(this.#link, this.#keys, this.#scripts, { runId, reason, ...(error === undefined ? {} : { error }) });
  }

  resume(runId: string): Promise<number> {
    return resumeRun(this.#link, this.#keys, this.#scripts, runId);
  }

  depth(): Promise<Depth> {
    return readDepth(this.#link, this.#keys, this.#scripts, this.#config);
  }

  capacity(): Promise<Capacity> {
    return readCapacity(this.#link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.close();
    this.#link.takeLeave();
    const tooLong = new AbortController();
    await Promise.race([this.#leave().catch(() => undefined), delay(DISPOSE_MS, tooLong.signal)]);
    tooLong.abort();
    this.#link.close();
  }

  /** A settle under way wins over the release, or finds its lease gone. */
  async #leave(): Promise<void> {
    const held = [...this.#held.values()];
    for (const delivery of held) delivery.settledBy ??= 'release';
    await this.#settler.release(held.map(({ lease }) => lease));
    const consumer = [this.#keys.group, this.#config.workerName];
    await this.#link.run((redis) => this.#scripts.leave.run(redis, [this.#keys.tasks], consumer));
  }

  /** undefined where the entry is no chunk: then it is among the dead letters. */
  async #deliver({ id, count, fields }: Leased): Promise<RedisDelivery | undefined> {
    try {
      const delivery = new RedisDelivery(decodeChunk(fromFields(fields)), { id, count });
      this.#held.set(id, delivery);
      return delivery;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const moved = await this.#settler.buryUndecodable({ id, count }, error.message, new Date().toISOString());
      if (moved)
        this.#log.warn({ entry: id, reason: error.message }, 'undecodable task moved to the dead-letter queue');
      return undefined;
    }
  }

  /**
   * What an unheard answer leased to us would wait for STALE_THRESHOLD_MS and cost an attempt that never began. Leases
   * of an earlier process of our name are older, and keep their attempt.
   */
  readonly #giveBackUnheard = async (sinceMs: number, signal: AbortSignal): Promise<void> => {
    const leases = await recentLeases(this.#link, this.#keys, this.#config.workerName, sinceMs, signal);
    await this.#settler.release(leases.filter(({ id }: Lease) => !this.#held.has(id)));
  };

  readonly #open = (): Link => new Link(createClient(this.#config), this.#config, this.#log, this.#options.giveUp);
}
