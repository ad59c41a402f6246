/** Chunks in memory: which are ready, leased, delayed or parked, and who may settle what. Nothing here touches a disk. */
import type { Depth } from '../../port.js';
import type { Template } from '../protocol.js';

export interface Entry {
  readonly id: number;
  readonly chunkId: string;
  readonly start: number;
  readonly end: number;
  readonly template: Template;
  /** Executions that began, and ended neither with a result nor at no cost. */
  failed: number;
  holder: Holder | undefined;
  /** When its lease lapses, or its delay is over; in milliseconds of performance.now. */
  at: number;
}

/** A connected worker. */
export interface Holder {
  readonly name: string;
  readonly staleMs: number;
  readonly leases: Map<number, Entry>;
}

/** First in, first out, and out of the middle. */
class Fifo {
  readonly #entries = new Set<Entry>();
  /** Stays where it is between calls: a new one would pass again over all that was taken. */
  #from = this.#entries.values();

  get size(): number {
    return this.#entries.size;
  }

  add(entry: Entry): void {
    this.#entries.add(entry);
  }

  delete(entry: Entry): void {
    this.#entries.delete(entry);
  }

  shift(): Entry | undefined {
    while (this.#entries.size > 0) {
      const { value, done } = this.#from.next();
      if (done) this.#from = this.#entries.values();
      else if (this.#entries.delete(value)) return value;
    }
    return undefined;
  }
}

export class Queue {
  /** Unfinished and not parked, by id. */
  readonly entries = new Map<number, Entry>();
  readonly parked = new Map<number, Entry>();
  /** Never started. */
  readonly #fresh = new Fifo();
  /** Given back before they were started: they are older than what is fresh. */
  readonly #returned = new Fifo();
  /** Started before: delivered first, and alone. */
  readonly #again = new Fifo();
  readonly #delayed = new Set<Entry>();
  readonly #leased = new Set<Entry>();

  get ready(): number {
    return this.#fresh.size + this.#returned.size + this.#again.size;
  }

  /** Whether time alone may change something. */
  get isWaiting(): boolean {
    return this.#leased.size + this.#delayed.size > 0;
  }

  add(entry: Entry): void {
    this.entries.set(entry.id, entry);
    this.#fresh.add(entry);
  }

  /** What was started before comes alone. */
  take(holder: Holder, max: number, now: number): Entry[] {
    const again = this.#again.shift();
    const taken = again ? [again] : [];
    while (!again && taken.length < max) {
      const next = this.#returned.shift() ?? this.#fresh.shift();
      if (!next) break;
      taken.push(next);
    }
    for (const entry of taken) this.lease(entry, holder, now);
    return taken;
  }

  lease(entry: Entry, holder: Holder, now: number): void {
    this.#out(entry);
    entry.holder = holder;
    entry.at = now + holder.staleMs;
    holder.leases.set(entry.id, entry);
    this.#leased.add(entry);
  }

  /** The entry, where this holder still has that very lease of it. */
  leased(holder: Holder, id: number, attempt: number): Entry | undefined {
    const entry = holder.leases.get(id);
    return entry && entry.failed + 1 === attempt ? entry : undefined;
  }

  giveBack(entry: Entry): void {
    this.#out(entry);
    (entry.failed > 0 ? this.#again : this.#returned).add(entry);
  }

  /** An execution ended without a result. @param due when it may be tried again */
  fail(entry: Entry, due = 0): void {
    entry.failed++;
    if (due > 0) this.delay(entry, due);
    else this.giveBack(entry);
  }

  delay(entry: Entry, due: number): void {
    this.#out(entry);
    entry.at = due;
    this.#delayed.add(entry);
  }

  remove(entry: Entry): void {
    this.#out(entry);
    this.entries.delete(entry.id);
  }

  park(entry: Entry): void {
    this.remove(entry);
    this.parked.set(entry.id, entry);
  }

  /** With all its attempts. */
  unpark(entry: Entry): void {
    this.parked.delete(entry.id);
    entry.failed = 0;
    this.add(entry);
  }

  /** What is in the queue, in whatever state. @returns how many that were */
  clear(): number {
    const count = this.entries.size;
    for (const entry of this.entries.values()) this.#out(entry);
    this.entries.clear();
    return count;
  }

  /** @returns whether something is ready that was not */
  endDelays(now: number): boolean {
    const due = [...this.#delayed].filter(({ at }) => at <= now);
    for (const entry of due) this.giveBack(entry);
    return due.length > 0;
  }

  lapsed(now: number): Entry[] {
    return [...this.#leased].filter(({ at }) => at <= now);
  }

  /** Time in which nobody could be heard does not count. */
  postpone(ms: number): void {
    for (const entry of this.#leased) entry.at += ms;
  }

  depth(now: number): Omit<Depth, 'dead'> {
    let stale = 0;
    // Heartbeats come every third of the threshold: after two thirds at least one is missing.
    for (const { at, holder } of this.#leased) if (holder && at - now < holder.staleMs / 3) stale++;
    return {
      ready: this.ready,
      leased: this.#leased.size,
      holders: new Set([...this.#leased].map(({ holder }) => holder)).size,
      stale,
      delayed: this.#delayed.size,
      parked: this.parked.size,
    };
  }

  #out(entry: Entry): void {
    entry.holder?.leases.delete(entry.id);
    entry.holder = undefined;
    this.#leased.delete(entry);
    this.#delayed.delete(entry);
    this.#fresh.delete(entry);
    this.#returned.delete(entry);
    this.#again.delete(entry);
  }
}
