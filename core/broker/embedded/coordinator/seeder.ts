/** The right to publish, and what its holder publishes: each window once, without what others have queued meanwhile. */
import { IntervalSet } from '../../../model/interval.js';
import type { Row, Template } from '../protocol.js';
import type { Entry } from './queue.js';
import type { State } from './state.js';

/** So long without a word from its holder the right lapses. */
const HOLD_MS = 10_000;

export class Seeder {
  readonly #state: State;
  #token = '';
  /** Whose connection it is; the right ends with it. */
  #owner: object | undefined;
  #until = -Infinity;
  /** By run, what others have put into the queue since it was listed; undefined where it was not. */
  #others: Map<string, IntervalSet> | undefined;
  #listed: readonly Entry[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  /**
   * Takes the right, or renews it. Who had it and lost the connection may have it again, unless another took it.
   * @param listedTo up to which id this seeder has listed the queue; 0 if it has not
   */
  take(token: string, owner: object, listedTo: number): boolean {
    if (this.#token !== token) {
      if (this.#owner && performance.now() < this.#until) return false;
      this.#token = token;
      this.#others = listedTo > 0 ? this.#queuedSince(token, listedTo) : undefined;
      this.#listed = [];
    }
    this.#owner = owner;
    this.#until = performance.now() + HOLD_MS;
    return true;
  }

  giveBack(token: string): void {
    if (this.#token !== token) return;
    this.#token = '';
    this.#owner = undefined;
    this.#others = undefined;
    this.#listed = [];
  }

  /** Its connection is gone. */
  left(owner: object): void {
    if (this.#owner === owner) this.#owner = undefined;
  }

  /** Something that is not this seeder's came into the queue. */
  sawQueued({ template, start, end }: Pick<Entry, 'template' | 'start' | 'end'>): void {
    if (this.#others) setOf(this.#others, template).add({ start, end });
  }

  /** The queue and the parked chunks as they are at page 0. */
  list(page: number, size: number): { entries: readonly Entry[]; listedTo: number; more: boolean } {
    const { queue, nextId } = this.#state;
    if (page === 0) {
      this.#listed = [...queue.entries.values(), ...queue.parked.values()];
      this.#others = new Map();
    }
    const entries = this.#listed.slice(page * size, (page + 1) * size);
    const more = (page + 1) * size < this.#listed.length;
    if (!more) this.#listed = [];
    return { entries, listedTo: nextId - 1, more };
  }

  /** Those of the rows that nobody else has queued since the queue was listed. */
  unqueued(template: Template, rows: readonly Row[]): readonly Row[] {
    const others = this.#others?.get(template['run_id'] as string);
    if (!others) return rows;
    return rows.filter(([, start, end]) => others.overlap({ start, end }) === 0);
  }

  /** After a start of the coordinator: what came after the listing, and is not among this seeder's windows. */
  #queuedSince(token: string, listedTo: number): Map<string, IntervalSet> {
    const { windows, queue } = this.#state;
    const own = new IntervalSet();
    if (windows.token === token)
      for (let i = 0; i < windows.ids.length; i += 2)
        own.add({ start: windows.ids[i] as number, end: windows.ids[i + 1] as number });
    const others = new Map<string, IntervalSet>();
    for (const { id, template, start, end } of queue.entries.values()) {
      if (id > listedTo && own.overlap({ start: id, end: id }) === 0) setOf(others, template).add({ start, end });
    }
    return others;
  }
}

function setOf(sets: Map<string, IntervalSet>, template: Template): IntervalSet {
  const runId = template['run_id'] as string;
  let set = sets.get(runId);
  if (!set) sets.set(runId, (set = new IntervalSet()));
  return set;
}
