/**
 * Result records for parameters that had a result already, and what the second reading of the log makes of them: equal to
 * the counted ones, in conflict with them, or needed.
 *
 * Their borders differ from those of the counted records where a chunk was split and completed too, as after a crash between
 * publishing the pieces and acknowledging the chunk. Digests and sums add up. So a record can be compared with those that
 * together cover the same parameters, and what some of them leave uncovered is the difference.
 */
import { Digest } from '../model/digest.js';
import { firstIndex, IntervalSet, size, type Interval } from '../model/interval.js';
import { Totals } from '../model/totals.js';
import type { ResultRecord, Summary } from '../wire/records.js';

export interface Side {
  readonly workerId: string;
  readonly digest: string;
  readonly summary: Summary;
  readonly attempt: number;
}

/** Two answers for the same parameters whose values differ: the computation is not deterministic. */
export interface Conflict extends Interval {
  readonly first: Side;
  readonly second: Side;
}

/** A record that is not counted, and the counted ones that lie within its borders. */
interface Later {
  readonly record: ResultRecord;
  inside: ResultRecord[];
}

/** A record that is counted in place of the counted ones within it, since it covers more. */
export interface Wider {
  readonly record: ResultRecord;
  readonly replaces: readonly ResultRecord[];
}

export class Duplicates {
  /** By their first parameter, once they are compared. */
  readonly #later: Later[] = [];
  #sorted = true;
  /** Parameters of the longest of them. */
  #longest = 0;
  readonly #parameters = new IntervalSet();
  /** Those that lie within the borders of a counted one, by that one. */
  readonly #within = new Map<ResultRecord, ResultRecord[]>();
  readonly conflicts: Conflict[] = [];
  /** How many of the records are part of a conflict. */
  conflicting = 0;

  get isEmpty(): boolean {
    return this.#later.length === 0;
  }

  /** Whether these records together hold all parameters of the gap. */
  cover(gap: Interval): boolean {
    return this.#parameters.overlap(gap) === size(gap);
  }

  add(record: ResultRecord): void {
    this.#later.push({ record, inside: [] });
    this.#sorted = false;
    this.#longest = Math.max(this.#longest, size(record));
    this.#parameters.add(record);
  }

  /** Compares a counted record with those for the same parameters. */
  compare(counted: ResultRecord): void {
    if (this.#parameters.overlap(counted) === 0) return;
    for (const { record, inside } of this.#near(counted)) {
      if (record.start === counted.start && record.end === counted.end) {
        if (record.digest !== counted.digest) this.#conflict(counted, record, 1, counted);
      } else if (counted.start >= record.start && counted.end <= record.end) inside.push(counted);
      else if (record.start >= counted.start && record.end <= counted.end)
        this.#within.set(counted, [...(this.#within.get(counted) ?? []), record]);
    }
  }

  /**
   * What the comparison leaves over, after the last counted record.
   * @param covered the parameters that are counted
   */
  finish(covered: IntervalSet, widen: (wider: Wider) => void): void {
    // The shorter ones first: one that is counted now may itself lie within a longer one.
    for (const { record, inside } of this.#later.toSorted((a, b) => size(a.record) - size(b.record))) {
      const known = inside.reduce((sum, piece) => sum + size(piece), 0);
      // None lies within it, or the borders of some cross its own: then nothing can be said.
      if (known === 0 || known !== covered.overlap(record)) continue;
      if (known < size(record)) {
        widen({ record, replaces: inside });
        this.#replace(inside, record);
      } else if (sumOfDigests(inside) !== record.digest) this.#conflict(together(inside), record, 1, record);
    }
    for (const [counted, records] of this.#within) {
      const tiles = tilesOf(counted, records);
      if (tiles && sumOfDigests(tiles) !== counted.digest)
        this.#conflict(counted, together(tiles), tiles.length, counted);
    }
  }

  /** For those that hold all these pieces: one record is counted in place of them. */
  #replace(pieces: readonly ResultRecord[], by: ResultRecord): void {
    for (const later of this.#near(by)) {
      if (later.record === by || later.record.start > by.start || later.record.end < by.end) continue;
      later.inside = [...later.inside.filter((piece) => !pieces.includes(piece)), by];
    }
  }

  /** Those that overlap the interval, and a few that do not: a hundred thousand of them are not compared with each other. */
  *#near({ start, end }: Interval): Generator<Later> {
    if (!this.#sorted) this.#later.sort((a, b) => a.record.start - b.record.start);
    this.#sorted = true;
    const first = firstIndex(this.#later, ({ record }) => record.start > start - this.#longest);
    for (let at = first; at < this.#later.length; at++) {
      const later = this.#later[at] as Later;
      if (later.record.start > end) return;
      yield later;
    }
  }

  #conflict(first: Side, second: Side, records: number, { start, end }: Interval): void {
    this.conflicting += records;
    this.conflicts.push({ start, end, first, second });
  }
}

/** Some of the records, end to end from the first parameter to the last; undefined where they leave gaps. */
function tilesOf(whole: Interval, records: readonly ResultRecord[]): ResultRecord[] | undefined {
  const byStart = new Map<number, ResultRecord>();
  for (const record of records) if (!byStart.has(record.start)) byStart.set(record.start, record);
  const tiles: ResultRecord[] = [];
  for (let next = whole.start; next <= whole.end;) {
    const tile = byStart.get(next);
    if (!tile) return undefined;
    tiles.push(tile);
    next = tile.end + 1;
  }
  return tiles;
}

function sumOfDigests(records: readonly ResultRecord[]): string {
  const digest = new Digest();
  for (const record of records) digest.addDigest(record.digest);
  return digest.toString();
}

/** Several records as one answer, to be shown beside another. */
function together(records: readonly ResultRecord[]): Side {
  const totals = new Totals();
  for (const { summary } of records) totals.merge(summary);
  return {
    workerId: [...new Set(records.map(({ workerId }) => workerId))].join(', '),
    digest: sumOfDigests(records),
    attempt: Math.max(...records.map(({ attempt }) => attempt)),
    summary: totals.summary(),
  };
}
