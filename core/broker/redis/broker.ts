/** The port on Redis: puts the parts together and keeps the deliveries that are not settled. */
import { delay } from '../../runtime/backoff.js';
import type { Broker, Capacity, Delivery, Depth, Hooks, ReceiveOptions } from '../port.js';
import type { Config } from '../../runtime/config.js';
import type { DeadLetter } from '../../wire/dead-letter.js';
import { ProtocolError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { Chunk } from '../../model/chunk.js';
import type { LogEntry, PlanRecord, SeededRecord } from '../../wire/records.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { createClient } from './dial.js';
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from './dead-letters.js';
import { RedisDelivery } from './delivery.js';
import { fromFields } from './codec.js';
import { readCapacity, readDepth, staleAfterMs } from './depth.js';
import { createGroup, recentLeases } from './group.js';
import { keysFor, type Keys } from './keys.js';
import { Link } from './link.js';
import { appendRecord, queuedChunks, readRecords } from './log.js';
import { publishChunks } from './publisher.js';
import { Receiver, type Leased } from './receiver.js';
import { loadScripts, type Scripts } from './scripts.js';
import { SeederLock } from './seeder-lock.js';
import { Settler, type Lease } from './settler.js';

/** Disposal is a courtesy to others, who recover without it: it may not hold up the end of the process. */
const DISPOSE_MS = 2000;

export class RedisBroker implements Broker {
  readonly silenceMs: number;
  readonly lagMs = 0;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #hooks: Hooks;
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #settler: Settler;
  readonly #receiver: Receiver;
  readonly #held = new Map<string, RedisDelivery>();
  #lock: SeederLock | undefined;

  /** @param link connected; the broker's own from now on */
  constructor(config: Config, log: Logger, link: Link, hooks: Hooks) {
    this.silenceMs = staleAfterMs(config);
    this.#config = config;
    this.#log = log;
    this.#hooks = hooks;
    this.#link = link;
    this.#keys = keysFor(config);
    this.#scripts = loadScripts();
    this.#settler = new Settler(link, this.#keys, this.#scripts, config);
    this.#receiver = new Receiver(link, this.#keys, this.#scripts, config, this.#open, this.#giveBackUnheard);
  }

  prepare(): Promise<void> {
    // Log and dead-letter queue come to be with their first entry.
    return createGroup(this.#link, this.#keys);
  }

  async lockSeeding(): Promise<AsyncDisposable> {
    return (this.#lock = await SeederLock.take(this.#link, this.#keys, this.#scripts, this.#log));
  }

  async publish(chunks: Iterable<Chunk>, confirmed?: (total: number) => void): Promise<number> {
    if (!this.#lock) throw new Error('publish without lockSeeding');
    return publishChunks(this.#link, this.#keys, this.#scripts, this.#lock, chunks, confirmed);
  }

  queued(): AsyncIterable<Chunk> {
    const lock = this.#lock;
    return queuedChunks(this.#link, this.#keys, (id) => lock && (lock.listedTo = id));
  }

  append(record: PlanRecord | SeededRecord): Promise<void> {
    return appendRecord(this.#link, this.#keys, record);
  }

  async receive(options: ReceiveOptions): Promise<Delivery[]> {
    const until = performance.now() + options.waitMs;
    for (;;) {
      const leased = await this.#receiver.next(options, until);
      const deliveries: RedisDelivery[] = [];
      for (const entry of leased) {
        const delivery = this.#deliver(entry);
        if (delivery instanceof RedisDelivery) deliveries.push(delivery);
        else await delivery;
      }
      // Where all was undecodable the wait goes on.
      if (deliveries.length > 0 || leased.length === 0) return deliveries;
    }
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

  depth(): Promise<Depth> {
    return readDepth(this.#link, this.#keys, this.#scripts, this.#config);
  }

  capacity(): Promise<Capacity> {
    return readCapacity(this.#link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.close();
    const tooLong = new AbortController();
    await Promise.race([this.#leave().catch(() => undefined), delay(DISPOSE_MS, tooLong.signal)]);
    tooLong.abort();
    this.#link.close();
  }

  async #leave(): Promise<void> {
    await Promise.all([...this.#held.values()].map((delivery) => delivery.abandon()));
    await this.#link.run((redis) =>
      this.#scripts.leave.run(redis, [this.#keys.tasks], [this.#keys.group, this.#config.workerName]),
    );
  }

  /** A delivery, or the burial of what is none. */
  #deliver({ id, count, fields }: Leased): RedisDelivery | Promise<void> {
    try {
      const delivery = new RedisDelivery(
        decodeChunk(fromFields(fields)),
        { id, count },
        this.#settler,
        this.#ended,
        this.#hooks,
      );
      this.#held.set(id, delivery);
      return delivery;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#bury({ id, count }, error.message);
    }
  }

  readonly #ended = (lease: Lease): void => void this.#held.delete(lease.id);

  async #bury(lease: Lease, reason: string): Promise<void> {
    this.#log.warn({ entry: lease.id, reason }, 'undecodable task moved to the dead-letter queue');
    await this.#settler.buryUndecodable(lease, reason, new Date().toISOString());
  }

  /**
   * What an unheard answer leased to us would wait for STALE_THRESHOLD_MS and cost an attempt that never began. Leases of
   * an earlier process of our name are older, and keep their attempt.
   */
  readonly #giveBackUnheard = async (sinceMs: number, signal: AbortSignal): Promise<void> => {
    const leases = await recentLeases(this.#link, this.#keys, this.#config.workerName, sinceMs, signal);
    await Promise.all(leases.filter(({ id }) => !this.#held.has(id)).map((lease) => this.#settler.release(lease)));
  };

  readonly #open = (): Link => new Link(createClient(this.#config), this.#log);
}
