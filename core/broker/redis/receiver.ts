/** Finds work: what is due first, then what is new. */
import type { Redis } from 'ioredis';
import type { ReceiveOptions } from '../port.js';
import type { Config } from '../../runtime/config.js';
import type { Entry } from './codec.js';
import type { Lease } from './delivery.js';
import { codeOf } from './failure.js';
import { createGroup } from './group.js';
import { Interrupter } from './interrupter.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';
import { unpackTaken, type Taken } from './taken.js';

/** A leased entry, not decoded yet. */
export interface Leased extends Lease {
  readonly fields: readonly string[];
}

/** Longest block in one piece: as often as this an idle worker looks for what is due. */
const IDLE_CHECK_MS = 1000;

export class Receiver {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #config: Config;
  readonly #open: () => Link;
  readonly #unheard: (sinceMs: number, signal: AbortSignal) => Promise<void>;
  readonly #interrupter: Interrupter;
  #blocking: Link | undefined;
  #checkedAt = -Infinity;
  #checkAt = -Infinity;
  /** The last read found as many as were wanted: there may be more, and no need to wait. */
  #plenty = false;

  /**
   * @param open gives a connection of its own to block on, so that no heartbeat waits behind a read
   * @param unheard called when an answer was lost that may have leased entries to us in the last so many milliseconds
   */
  constructor(
    link: Link,
    keys: Keys,
    scripts: Scripts,
    config: Config,
    open: () => Link,
    unheard: (sinceMs: number, signal: AbortSignal) => Promise<void>,
  ) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#config = config;
    this.#open = open;
    this.#unheard = unheard;
    this.#interrupter = new Interrupter(link);
  }

  /** At most `max` entries, due or else new; none if there are none before `until` or the signal's abort. */
  async next({ max, waitMs, signal }: ReceiveOptions, until: number): Promise<Leased[]> {
    // Opened while the first look for due entries is under way: a seeder never needs it.
    this.#blocking ??= this.#open();
    while (!signal.aborted) {
      if (performance.now() >= this.#checkAt) {
        const due = await this.#claim(max, signal);
        if (due.length > 0) return due;
      }
      const fresh = await this.#read(max, Math.min(until - performance.now(), IDLE_CHECK_MS), signal);
      if (fresh.length > 0) return fresh;
      // Nothing new: there is time to look for what is due, and for a caller who does not wait it must be now.
      this.#checkAt = waitMs > 0 ? Math.min(this.#checkAt, this.#checkedAt + IDLE_CHECK_MS) : -Infinity;
      if (performance.now() < until) continue;
      return performance.now() < this.#checkAt || signal.aborted ? [] : this.#claim(max, signal);
    }
    return [];
  }

  close(): void {
    this.#blocking?.close();
  }

  async #claim(max: number, signal: AbortSignal): Promise<Leased[]> {
    const { group, tasks } = this.#keys;
    const args = [group, this.#config.workerName, this.#config.STALE_THRESHOLD_MS, max];
    const reply = await this.#fetch(this.#link, signal, (redis) => this.#scripts.claim.run(redis, [tasks], args));
    const due = (reply ?? []) as Array<[id: string, fields: string[], count: number]>;
    this.#checkedAt = performance.now();
    // Where something was due there may be more.
    this.#checkAt = due.length > 0 ? -Infinity : this.#checkedAt + this.#config.STALE_CHECK_INTERVAL_SECONDS * 1000;
    return due.map(([id, fields, count]) => ({ id, fields, count }));
  }

  async #read(max: number, waitMs: number, signal: AbortSignal): Promise<Leased[]> {
    // BLOCK 0 would block for ever.
    const entries =
      !this.#blocking || this.#plenty || waitMs < 1
        ? await this.#take(max, signal)
        : await this.#wait(this.#blocking, max, Math.floor(waitMs), signal);
    this.#plenty = entries.length >= max;
    return entries.map(([id, fields]) => ({ id, fields, count: 1 }));
  }

  async #take(max: number, signal: AbortSignal): Promise<readonly Entry[]> {
    const { group, tasks } = this.#keys;
    const reply = await this.#fetch(this.#link, signal, (redis) =>
      this.#scripts.take.run(redis, [tasks], [group, this.#config.workerName, max]),
    );
    return unpackTaken((reply ?? []) as Taken);
  }

  /** No script can wait for entries: this is the plain command, whose answer costs several times as much. */
  async #wait(link: Link, max: number, ms: number, signal: AbortSignal): Promise<readonly Entry[]> {
    const { group, tasks } = this.#keys;
    const args = ['GROUP', group, this.#config.workerName, 'COUNT', max, 'BLOCK', ms, 'STREAMS', tasks, '>'];
    const reply = await this.#fetch(link, signal, (redis) =>
      this.#interrupter.run(redis, signal, () => redis.call('XREADGROUP', args)),
    );
    return (reply as Array<[key: string, entries: Entry[]]> | null)?.[0]?.[1] ?? [];
  }

  /** Runs a command that may lease entries to us. */
  async #fetch(link: Link, signal: AbortSignal, command: (redis: Redis) => Promise<unknown>): Promise<unknown> {
    const since = performance.now();
    try {
      return await link.run(async (redis, again) => {
        if (again) await this.#unheard(performance.now() - since, signal);
        return command(redis);
      }, signal);
    } catch (thrown) {
      if (signal.aborted && !link.closed) return null;
      // No group: the broker lost its data, or we are up before the seeder. Unblocked: the stream went while we waited.
      if (!['NOGROUP', 'UNBLOCKED'].includes(codeOf(thrown))) throw thrown;
      await createGroup(this.#link, this.#keys);
      return null;
    }
  }
}
