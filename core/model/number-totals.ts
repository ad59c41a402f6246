/**
 * Aggregate of numbers, which can be merged, and taken apart again.
 *
 * Counts, sum, minimum and maximum are exact, in whatever order and in whatever pieces the numbers come. The sum of
 * squared deviations is that of Welford, merged as by Chan, Golub and LeVeque: right to some 12 digits also where the
 * deviations are small beside the mean, while its last digits depend on the order. It is not known where a record does
 * not tell it, or where a square is beyond a double (deviations of more than 1e154).
 */
import { ExactSum } from './exact-sum.js';
import type { NumberSummary } from './summary.js';

/** What people ask of numbers. */
export interface NumberFigures {
  /** Finite ones: all others are counted apart. */
  readonly count: number;
  readonly sum: string;
  /** This and what follows is null where there are no finite numbers. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** That of a sample (divisor count − 1); null also for a single number, and where it is not known. */
  readonly standardDeviation: number | null;
  readonly nan: number;
  readonly infinite: number;
}

type Counted = { -readonly [Name in keyof NumberSummary]: NumberSummary[Name] } & { count: number };

export class NumberTotals {
  readonly sum = new ExactSum();
  /** Finite numbers. */
  count = 0;
  nan = 0;
  infinite = 0;
  min = Infinity;
  max = -Infinity;
  readonly #spread: boolean;
  /** Kept only as long as #m2 is a number. */
  #mean = 0;
  /** NaN where it is not known. */
  #m2 = 0;

  /** @param spread whether to find out how far the added numbers are spread: a division each */
  constructor(spread = true) {
    this.#spread = spread;
  }

  /** @param given −0 counts as 0, which is all that a record can say of it */
  add(given: number): void {
    const value = given + 0;
    if (value - value !== 0) {
      if (Number.isNaN(value)) this.nan++;
      else this.infinite++;
      return;
    }
    this.sum.add(value);
    this.count++;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (!this.#spread) return;
    const delta = value - this.#mean;
    this.#mean += delta / this.count;
    this.#m2 += delta * (value - this.#mean);
  }

  /** @param count finite numbers of the summary */
  merge(summary: NumberSummary, count: number): void {
    this.nan += summary.nan ?? 0;
    this.infinite += summary.infinite ?? 0;
    if (count === 0) return;
    this.sum.addDecimal(summary.sum);
    if (summary.min < this.min) this.min = summary.min;
    if (summary.max > this.max) this.max = summary.max;
    const n = this.count + count;
    if (!Number.isNaN(this.#m2)) {
      const m2 = m2Of(summary);
      const delta = meanOf(summary.sum, count) - this.#mean;
      this.#mean += (delta * count) / n;
      this.#m2 += m2 + delta * delta * ((this.count * count) / n);
    }
    this.count = n;
  }

  /**
   * Takes out what was merged. Minimum and maximum stay, so what is merged in its place must hold the same numbers. The
   * spread loses no digits by that: the squared deviations of more numbers are no less.
   */
  unmerge(summary: NumberSummary, count: number): void {
    this.nan -= summary.nan ?? 0;
    this.infinite -= summary.infinite ?? 0;
    if (count === 0) return;
    this.sum.subtractDecimal(summary.sum);
    const n = this.count - count;
    if (!Number.isNaN(this.#m2) && n > 0) {
      const mean = meanOf(summary.sum, count);
      const rest = this.#mean + ((this.#mean - mean) * count) / n;
      const delta = mean - rest;
      this.#mean = rest;
      this.#m2 = Math.max(0, this.#m2 - m2Of(summary) - delta * delta * ((n * count) / this.count));
    }
    this.count = n;
    if (n === 0 && !Number.isNaN(this.#m2)) this.#mean = this.#m2 = 0;
  }

  /** @param count what the summary counts */
  summary(count: number): Counted {
    const { nan, infinite, min, max } = this;
    // Assignments: this runs for every chunk, and spreading takes as long as adding ten numbers.
    const summary: Counted = { sum: this.sum.toString(), count, min, max };
    // Between equal ends there is no spread.
    if (this.#spread && min < max && Number.isFinite(this.#m2)) summary.m2 = this.#m2;
    if (nan > 0) summary.nan = nan;
    if (infinite > 0) summary.infinite = infinite;
    return summary;
  }

  figures(): NumberFigures {
    const { count, nan, infinite } = this;
    const sum = this.sum.toString();
    return {
      count,
      sum,
      min: count > 0 ? this.min : null,
      max: count > 0 ? this.max : null,
      mean: count > 0 ? meanOf(sum, count) : null,
      standardDeviation: count > 1 ? this.#deviation() : null,
      nan,
      infinite,
    };
  }

  #deviation(): number | null {
    if (this.min === this.max) return 0;
    const deviation = Math.sqrt(this.#m2 / (this.count - 1));
    return this.#spread && Number.isFinite(deviation) ? deviation : null;
  }
}

function m2Of({ m2, min, max }: NumberSummary): number {
  return m2 ?? (min === max ? 0 : NaN);
}

/** Also where the sum of numbers is beyond a double. */
export function meanOf(sum: string, count: number): number {
  const whole = Number(sum);
  return Number.isFinite(whole) ? whole / count : (Number(`${sum}e-30`) / count) * 1e30;
}
