/**
 * Records → what is known of a run. The ledger reads only the log, works on intervals of parameters, and takes each
 * parameter into the aggregate once: the first record wins, and a result outranks a dead letter.
 */
import { Digest } from './digest.js';
import { ExactSum } from './exact-sum.js';
import { IntervalSet, size, type Interval } from './interval.js';
import type { DeadRecord, LogEntry, PlanRecord, ResultRecord, SeededRecord } from './messages.js';
import { Tally } from './tally.js';

/** Two records for the same parameters whose values differ: the computation is not deterministic. */
export interface Conflict extends Interval {
  readonly first: Pick<ResultRecord, 'workerId' | 'digest' | 'summary' | 'attempt'>;
  readonly second: Pick<ResultRecord, 'workerId' | 'digest' | 'summary' | 'attempt'>;
}

export class Ledger {
  readonly runId: string;
  readonly seeded: SeededRecord[] = [];
  readonly conflicts: Conflict[] = [];
  readonly undecodable: { readonly position: string; readonly reason: string }[] = [];
  readonly covered = new IntervalSet();
  readonly sum = new ExactSum();
  readonly tally = new Tally();
  /** Further records for parameters that had one already; equal ones once they are compared, or conflicts. */
  deduplicated = 0;
  results = 0;
  /** Parameters in the aggregate: equal to what is covered, or something was counted twice. */
  aggregated = 0;
  min = Infinity;
  max = -Infinity;
  readonly #digest = new Digest();
  readonly #dead: DeadRecord[] = [];
  /** Records that came second, by interval: only these need another look at the log. */
  readonly #seconds = new Map<string, ResultRecord[]>();
  #plan: PlanRecord | undefined;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** The newest plan of the run; undefined while nothing was seeded. */
  get plan(): PlanRecord | undefined {
    return this.#plan;
  }

  get digest(): string {
    return this.#digest.toString();
  }

  add(entry: LogEntry): void {
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
        break;
      case 'result':
        this.#addResult(record);
        break;
      case 'dead':
        this.#dead.push(record);
    }
  }

  /** Parameters that are dead and have no result, ascending. */
  dead(): IntervalSet {
    const dead = new IntervalSet();
    for (const record of this.#dead) for (const gap of this.covered.gaps(record)) dead.add(gap);
    return dead;
  }

  /** The dead records that still count, for reports. */
  deadRecords(): DeadRecord[] {
    return this.#dead.filter((record) => this.covered.overlap(record) < size(record));
  }

  /** Parameters of the plan that have neither result nor dead record, ascending. */
  missing(): Interval[] {
    if (!this.#plan) return [];
    const accounted = this.dead();
    for (const interval of this.covered.intervals()) accounted.add(interval);
    return accounted.gaps({ start: 0, end: this.#plan.totalParameters - 1 });
  }

  /** Whether the log must be read once more, through `compare`, to tell equal records from conflicts. */
  get needsComparison(): boolean {
    return this.#seconds.size > 0;
  }

  /** Second pass: compares each first record with those that came after it for the same parameters. */
  compare(entry: LogEntry): void {
    if ('undecodable' in entry || entry.record.kind !== 'result' || entry.record.runId !== this.runId) return;
    const first = entry.record;
    const key = keyOf(first);
    for (const second of this.#seconds.get(key) ?? []) {
      if (second.digest === first.digest) continue;
      this.deduplicated--;
      this.conflicts.push({ start: first.start, end: first.end, first, second });
    }
    this.#seconds.delete(key);
  }

  #addResult(record: ResultRecord): void {
    this.results++;
    if (this.covered.overlap(record) > 0) {
      this.deduplicated++;
      const key = keyOf(record);
      this.#seconds.set(key, [...(this.#seconds.get(key) ?? []), record]);
      return;
    }
    this.covered.add(record);
    this.aggregated += record.summary.count;
    this.sum.add(record.summary.sum);
    this.min = Math.min(this.min, record.summary.min);
    this.max = Math.max(this.max, record.summary.max);
    this.#digest.addDigest(record.digest);
    this.tally.add(record);
  }
}

/** Reads the log once, and a second time only where records came twice. */
export async function readLedger(records: () => AsyncIterable<LogEntry>, runId: string): Promise<Ledger> {
  const ledger = new Ledger(runId);
  for await (const entry of records()) ledger.add(entry);
  if (ledger.needsComparison) for await (const entry of records()) ledger.compare(entry);
  return ledger;
}

function keyOf(interval: Interval): string {
  return `${interval.start}-${interval.end}`;
}
