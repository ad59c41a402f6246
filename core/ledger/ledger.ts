/**
 * Records → what is known of a run. The ledger reads only the log, works on intervals of parameters, and takes each
 * parameter into the aggregate once: the first record wins, and a result outranks a dead letter.
 */
import { Digest } from '../model/digest.js';
import type { ExactSum } from '../model/exact-sum.js';
import { IntervalSet, size, type Interval } from '../model/interval.js';
import { Totals } from '../model/totals.js';
import type { DeadRecord, HaltedRecord, LogEntry, PlanRecord, ResultRecord, SeededRecord } from '../wire/records.js';
import { Duplicates, type Conflict, type Wider } from './duplicates.js';
import { Tally } from './tally.js';

export type { Conflict };

/** Told which records make up the aggregate. */
export interface CountedObserver {
  counted(record: ResultRecord): void;
  /** Counted in place of others that were. */
  widened(wider: Wider): void;
}

export class Ledger {
  readonly runId: string;
  readonly seeded: SeededRecord[] = [];
  readonly undecodable: { readonly position: string; readonly reason: string }[] = [];
  readonly covered = new IntervalSet();
  /** Of the values of each parameter once. */
  readonly totals = new Totals();
  readonly tally = new Tally();
  results = 0;
  /** Of these, those whose values lie outside of the log. */
  elsewhere = 0;
  readonly #digest = new Digest();
  readonly #dead: DeadRecord[] = [];
  /** By their names: a record carries its stack only where its worker has not recorded it before. */
  readonly #stacks = new Map<string, string>();
  /** Result records that are not counted: only these need another look at the log. */
  readonly #duplicates = new Duplicates();
  #notCounted = 0;
  /** The second reading counts along, to know which records the first one took. */
  readonly #reread = { covered: new IntervalSet(), results: 0 };
  #plan: PlanRecord | undefined;
  #halted: HaltedRecord | undefined;
  /**
   * How many of the seedings were before the end of the last cancellation, which took their chunks out of the queue.
   */
  #discarded = 0;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** The newest plan of the run; undefined while nothing was seeded. */
  get plan(): PlanRecord | undefined {
    return this.#plan;
  }

  /** Set while the run takes no chunks: somebody gave it up, or too many of its parameters are dead. */
  get halted(): HaltedRecord | undefined {
    return this.#halted;
  }

  /** The seedings whose chunks were not discarded by a cancellation. */
  get published(): readonly SeededRecord[] {
    return this.seeded.slice(this.#discarded);
  }

  /** Further records for parameters that had one already; equal ones, once they are compared. */
  get deduplicated(): number {
    return this.#notCounted - this.#duplicates.conflicting;
  }

  get conflicts(): readonly Conflict[] {
    return this.#duplicates.conflicts;
  }

  get sum(): ExactSum {
    return this.totals.numbers.sum;
  }

  get min(): number {
    return this.totals.numbers.min;
  }

  get max(): number {
    return this.totals.numbers.max;
  }

  /** Parameters in the aggregate: equal to what is covered, or something was counted twice. */
  get aggregated(): number {
    return this.totals.count;
  }

  get digest(): string {
    return this.#digest.toString();
  }

  add(entry: LogEntry, observer?: CountedObserver): void {
    if ('undecodable' in entry) {
      this.undecodable.push({ position: entry.position, reason: entry.undecodable });
      return;
    }
    const { record } = entry;
    if (record.runId !== this.runId) return;
    switch (record.kind) {
      case 'plan':
        this.#plan = record;
        break;
      case 'seeded':
        this.seeded.push(record);
        this.#discardCancelled();
        break;
      case 'result':
        this.#addResult(record, observer);
        break;
      case 'dead':
        this.#dead.push(record);
        if (record.stack !== '') this.#stacks.set(record.stackId, record.stack);
        break;
      case 'halted':
        this.#halted = record;
        this.#discardCancelled();
        break;
      case 'resumed':
        this.#halted = undefined;
    }
  }

  /** Parameters that are dead and have no result, ascending. */
  dead(): IntervalSet {
    const dead = new IntervalSet();
    for (const record of this.#dead) for (const gap of this.covered.gaps(record)) dead.add(gap);
    return dead;
  }

  /** The dead records that still count, ascending: the latest for the same parameters, each with its stack. */
  deadRecords(): DeadRecord[] {
    const latest = new Map(this.#dead.map((record) => [`${record.start}-${record.end}`, record]));
    return [...latest.values()]
      .filter((record) => this.covered.overlap(record) < size(record))
      .sort((a, b) => a.start - b.start)
      .map((record) => ({ ...record, stack: record.stack || (this.#stacks.get(record.stackId) ?? '') }));
  }

  /** Parameters of the plan that have neither result nor dead record, ascending. */
  missing(): Interval[] {
    if (!this.#plan) return [];
    const accounted = this.dead();
    for (const interval of this.covered.intervals()) accounted.add(interval);
    return accounted.gaps({ start: 0, end: this.#plan.totalParameters - 1 });
  }

  /** Nothing is missing, or only what the second reading may take from a record that overlaps others in part. */
  get isFinished(): boolean {
    return this.#plan !== undefined && this.missing().every((gap) => this.#duplicates.cover(gap));
  }

  /** Whether the log must be read once more, through `compare`, to tell equal records from conflicts. */
  get needsComparison(): boolean {
    return !this.#duplicates.isEmpty;
  }

  /** Second reading: compares each counted record with those that came after it for the same parameters. */
  compare(entry: LogEntry, observer?: CountedObserver): void {
    if ('undecodable' in entry || entry.record.kind !== 'result' || entry.record.runId !== this.runId) return;
    // What was appended since the first reading is not part of this ledger.
    if (++this.#reread.results > this.results || this.#reread.covered.overlap(entry.record) > 0) return;
    this.#reread.covered.add(entry.record);
    this.#duplicates.compare(entry.record);
    observer?.counted(entry.record);
  }

  /** After the second reading. A record that covers more than those counted before it completes them. */
  finish(observer?: CountedObserver): void {
    this.#duplicates.finish(this.covered, (wider) => {
      for (const { digest, summary } of wider.replaces) {
        this.#digest.subtractDigest(digest);
        this.totals.unmerge(summary);
      }
      this.#notCounted--;
      this.#take(wider.record);
      observer?.widened(wider);
    });
  }

  /** What a seeder publishes of a cancelled run, because it has not heard of that yet, is discarded too. */
  #discardCancelled(): void {
    if (this.#halted?.reason === 'cancelled') this.#discarded = this.seeded.length;
  }

  #addResult(record: ResultRecord, observer: CountedObserver | undefined): void {
    this.results++;
    if (record.valuesAt) this.elsewhere++;
    if (this.covered.overlap(record) === 0) {
      this.#take(record);
      observer?.counted(record);
      return;
    }
    this.#notCounted++;
    this.#duplicates.add(record);
  }

  #take(record: ResultRecord): void {
    this.covered.add(record);
    this.totals.merge(record.summary);
    this.#digest.addDigest(record.digest);
    this.tally.add(record);
  }
}

/**
 * Reads the log once, and a second time only where records came twice.
 * @param records from the first on, each time it is called
 */
export async function readLedger(
  records: () => AsyncIterable<LogEntry>,
  runId: string,
  observer?: CountedObserver,
): Promise<Ledger> {
  const ledger = new Ledger(runId);
  for await (const entry of records()) ledger.add(entry, observer);
  if (!ledger.needsComparison) return ledger;
  for await (const entry of records()) ledger.compare(entry);
  ledger.finish(observer);
  return ledger;
}
