/**
 * The parameters of a run on a fixed grid, with count, digest and aggregate of each interval: where two logs differ.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../model/canonical.js';
import { Digest } from '../model/digest.js';
import { ExactSum } from '../model/exact-sum.js';
import { size, type Interval } from '../model/interval.js';
import type { CountedObserver } from '../ledger/ledger.js';
import { UnfitValue, valueText } from '../model/value-text.js';
import type { Value } from '../model/value.js';
import type { ResultRecord } from '../wire/records.js';
import { encodeRecord } from '../wire/record-codec.js';
import type { Wider } from '../ledger/duplicates.js';
import { chunkCount, type Plan } from '../model/plan.js';

/** Up to this many chunks each is an interval of its own. */
const MOST_CHUNKS = 10_000;
/** Otherwise there are so many intervals at most, each of equally many chunks. */
const MOST_INTERVALS = 1024;

/** The counted results of one interval. */
export interface IntervalResults {
  readonly digest: string;
  /** Of the records as wholes: workers, times and attempts too. */
  readonly records: string;
  readonly sum: string;
  /** null where nothing was counted. */
  readonly min: number | null;
  readonly max: number | null;
}

export function gridOf(plan: Plan): Interval[] {
  const chunks = chunkCount(plan);
  const step = plan.chunkSize * (chunks <= MOST_CHUNKS ? 1 : Math.ceil(chunks / MOST_INTERVALS));
  return Array.from({ length: Math.ceil(plan.totalParameters / step) }, (_, i) => ({
    start: i * step,
    end: Math.min((i + 1) * step, plan.totalParameters) - 1,
  }));
}

/** Collects from the second reading of a log. Records never leave their chunk, hence never their interval. */
export class IntervalDigests implements CountedObserver {
  readonly grid: readonly Interval[];
  /** Records whose values are not those of their digest. */
  readonly inconsistent: Interval[] = [];
  readonly #digests: IntervalDigest[];
  readonly #step: number;

  /** @param grid as `gridOf` cuts it */
  constructor(grid: readonly Interval[]) {
    this.grid = grid;
    this.#digests = grid.map(() => new IntervalDigest());
    this.#step = grid[0] ? size(grid[0]) : 1;
  }

  counted(record: ResultRecord): void {
    if (record.values && digestOf(record.start, record.values) !== record.digest)
      this.inconsistent.push({ start: record.start, end: record.end });
    this.#at(record)?.add(record);
  }

  widened({ record, replaces }: Wider): void {
    for (const replaced of replaces) this.#at(replaced)?.subtract(replaced);
    this.counted(record);
  }

  results(): IntervalResults[] {
    return this.#digests.map((digest) => digest.results());
  }

  /** undefined for what an extension of the run has added behind the grid. */
  #at(record: Interval): IntervalDigest | undefined {
    return record.end > (this.grid.at(-1)?.end ?? -1)
      ? undefined
      : this.#digests[Math.floor(record.start / this.#step)];
  }
}

class IntervalDigest {
  readonly #digest = new Digest();
  readonly #records = new Digest();
  readonly #sum = new ExactSum();
  #min = Infinity;
  #max = -Infinity;

  add(record: ResultRecord): void {
    const { digest, summary } = record;
    this.#digest.addDigest(digest);
    this.#records.addDigest(hashOf(record));
    this.#sum.addDecimal(summary.sum);
    this.#min = Math.min(this.#min, summary.min);
    this.#max = Math.max(this.#max, summary.max);
  }

  /** Minimum and maximum stay: what replaces the record has them too. */
  subtract(record: ResultRecord): void {
    const { digest, summary } = record;
    this.#digest.subtractDigest(digest);
    this.#records.subtractDigest(hashOf(record));
    this.#sum.subtractDecimal(summary.sum);
  }

  results(): IntervalResults {
    const empty = this.#min === Infinity;
    return {
      digest: this.#digest.toString(),
      records: this.#records.toString(),
      sum: this.#sum.toString(),
      min: empty ? null : this.#min,
      max: empty ? null : this.#max,
    };
  }
}

/**
 * 128 bits of SHA-256 over the canonical form of the record as it is on the wire, with its values unpacked: another
 * release of Node may pack the same values into other bytes.
 */
function hashOf({ values, ...record }: ResultRecord): string {
  const wire = encodeRecord(record);
  if (values) wire['values'] = values.every(Number.isFinite) ? values : valuesHash(values);
  return createHash('sha256').update(canonicalJson(wire)).digest('hex').slice(0, 32);
}

/** Each value is hashed by itself: together they may be longer than any text of Node's. */
function valuesHash(values: readonly Value[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(`${valueText(value)}\n`);
  return hash.digest('hex');
}

/** undefined where some of them are no values. */
function digestOf(start: number, values: readonly Value[]): string | undefined {
  const digest = new Digest();
  try {
    for (const [i, value] of values.entries()) digest.addValue(start + i, value);
  } catch (error) {
    if (error instanceof UnfitValue) return undefined;
    throw error;
  }
  return digest.toString();
}
