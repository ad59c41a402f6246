/** Aggregate of values of any kind: plain numbers, and each numeric column of objects. */
import { NumberTotals, type NumberFigures } from './number-totals.js';
import { finiteCount, LONGEST_COLUMN, MOST_COLUMNS, type ColumnSummary, type Summary } from './summary.js';
import type { Value } from './value.js';

export interface ColumnFigures extends NumberFigures {
  readonly column: string;
}

/** What is known of values beside the sum, the minimum and the maximum of those that are plain numbers. */
export interface ValueFigures {
  /** Plain numbers that are NaN, and those that are infinite: no part of the sum. */
  readonly nan: number;
  readonly infinite: number;
  /** Values that are no numbers. */
  readonly other: number;
  /** The numeric columns of those that are objects, by name. */
  readonly columns: readonly ColumnFigures[];
  /** There are more than MOST_COLUMNS of them, so that none is aggregated. */
  readonly tooManyColumns: boolean;
}

export class Totals {
  /** Of the values that are plain numbers: add them here. */
  readonly numbers: NumberTotals;
  /** Values that are no numbers. */
  other = 0;
  /** Made with the first of them. */
  #columns: Map<string, NumberTotals> | undefined;
  /** How many of the merged summaries have too many columns. */
  #wide = 0;

  /** @param spread see NumberTotals */
  constructor(spread = true) {
    this.numbers = new NumberTotals(spread);
  }

  /** Values of any kind. */
  get count(): number {
    const { count, nan, infinite } = this.numbers;
    return count + nan + infinite + this.other;
  }

  addOther(value: Exclude<Value, number>): void {
    this.other++;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    for (const [column, field] of Object.entries(value))
      if (typeof field === 'number') this.#column(column)?.add(field);
  }

  merge(summary: Summary): void {
    this.other += summary.other ?? 0;
    this.numbers.merge(summary, finiteCount(summary));
    if (summary.wide) this.#wide++;
    for (const column of summary.columns ?? []) this.#column(column.column)?.merge(column, column.count);
  }

  /** Takes out what was merged, see NumberTotals. */
  unmerge(summary: Summary): void {
    this.other -= summary.other ?? 0;
    this.numbers.unmerge(summary, finiteCount(summary));
    if (summary.wide) this.#wide--;
    for (const column of summary.columns ?? []) this.#column(column.column)?.unmerge(column, column.count);
  }

  summary(): Summary {
    const { count, other } = this;
    const plain = this.numbers.summary(count);
    return other === 0 ? plain : { ...plain, other, ...this.#columnSummaries() };
  }

  figures(): ValueFigures {
    const { nan, infinite } = this.numbers;
    const columns = this.#sorted().map(([column, totals]) => ({ column, ...totals.figures() }));
    return { nan, infinite, other: this.other, columns, tooManyColumns: this.#wide > 0 };
  }

  /** undefined where there are too many, or its name is too long. */
  #column(column: string): NumberTotals | undefined {
    if (column.length > LONGEST_COLUMN) return undefined;
    const columns = (this.#columns ??= new Map<string, NumberTotals>());
    const known = columns.get(column);
    if (known) return known;
    if (columns.size === MOST_COLUMNS) {
      // For good: what was taken of some of them would not be all.
      this.#wide = Infinity;
      return undefined;
    }
    const totals = new NumberTotals();
    columns.set(column, totals);
    return totals;
  }

  #columnSummaries(): Pick<Summary, 'columns' | 'wide'> {
    if (this.#wide > 0) return { wide: true };
    const columns = this.#sorted().map(([column, totals]): ColumnSummary => ({
      column,
      ...totals.summary(totals.count),
    }));
    return columns.length > 0 ? { columns } : {};
  }

  #sorted(): [string, NumberTotals][] {
    return this.#wide > 0 ? [] : [...(this.#columns ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
