/**
 * Result records that came second, and what the second reading of the log makes of them: equal, in conflict, or needed.
 *
 * Borders differ where a chunk was split and completed too, as after a crash between publishing the pieces and
 * acknowledging the chunk. Digests and sums add up, so a record can be compared with those that tile it, and what they
 * leave uncovered is the difference.
 */
import { Digest } from '../model/digest.js';
import { ExactSum } from '../model/exact-sum.js';
import { IntervalSet, size, type Interval } from '../model/interval.js';
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

/** A second record, and the counted ones that lie within it. */
interface Second {
  readonly record: ResultRecord;
  readonly inside: ResultRecord[];
}

/** A record that is counted in place of the counted ones within it, since it covers more. */
export interface Wider {
  readonly record: ResultRecord;
  readonly replaces: readonly ResultRecord[];
}

export class Duplicates {
  readonly #byKey = new Map<string, Second[]>();
  readonly #area = new IntervalSet();
  /** Second records that lie within a wider, counted one, by that one. */
  readonly #within = new Map<ResultRecord, ResultRecord[]>();
  readonly conflicts: Conflict[] = [];
  /** How many second records are part of a conflict. */
  conflicting = 0;

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** Whether records that came second cover all of these parameters. */
  cover(gap: Interval): boolean {
    return this.#area.overlap(gap) === size(gap);
  }

  add(record: ResultRecord): void {
    const key = keyOf(record);
    const same = this.#byKey.get(key);
    if (same) same.push({ record, inside: [] });
    else this.#byKey.set(key, [{ record, inside: [] }]);
    this.#area.add(record);
  }

  /** Compares a record that was counted with the second ones for its parameters. */
  meet(counted: ResultRecord): void {
    if (this.#area.overlap(counted) === 0) return;
    const key = keyOf(counted);
    const same = this.#byKey.get(key);
    if (same) {
      for (const { record } of same) if (record.digest !== counted.digest) this.#conflict(counted, record, 1, counted);
      this.#byKey.delete(key);
    }
    // Records with the borders of a counted one overlap no other counted one, and are gone from the map once they met it.
    else for (const second of [...this.#byKey.values()].flat()) this.#cross(counted, second);
  }

  /**
   * What the comparison leaves over, after the last record.
   * @param covered the parameters that are counted
   */
  settle(covered: IntervalSet, widen: (wider: Wider) => void): void {
    for (const { record, inside } of [...this.#byKey.values()].flat()) {
      const known = inside.reduce((sum, piece) => sum + size(piece), 0);
      if (known === 0 || known !== covered.overlap(record)) continue; // borders cross: nothing can be said
      if (known < size(record)) widen({ record, replaces: inside });
      else if (sumOfDigests(inside) !== record.digest) this.#conflict(together(inside), record, 1, record);
    }
    for (const [counted, records] of this.#within) {
      const tiles = tilesOf(counted, records);
      if (tiles && sumOfDigests(tiles) !== counted.digest)
        this.#conflict(counted, together(tiles), tiles.length, counted);
    }
  }

  #cross(counted: ResultRecord, second: Second): void {
    const { record } = second;
    if (counted.start >= record.start && counted.end <= record.end) second.inside.push(counted);
    else if (record.start >= counted.start && record.end <= counted.end)
      this.#within.set(counted, [...(this.#within.get(counted) ?? []), record]);
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
  const sum = new ExactSum();
  for (const { summary } of records) sum.addDecimal(summary.sum);
  const summaries = records.map(({ summary }) => summary);
  return {
    workerId: [...new Set(records.map(({ workerId }) => workerId))].join(', '),
    digest: sumOfDigests(records),
    attempt: Math.max(...records.map(({ attempt }) => attempt)),
    summary: {
      sum: sum.toString(),
      count: summaries.reduce((count, s) => count + s.count, 0),
      min: Math.min(...summaries.map((s) => s.min)),
      max: Math.max(...summaries.map((s) => s.max)),
    },
  };
}

function keyOf(interval: Interval): string {
  return `${interval.start}-${interval.end}`;
}
