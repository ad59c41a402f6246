/** What is known of the values of an interval without the values: counts, exact sums, least and greatest, spread. */

/** Of numbers: NaN and the infinities are counted, and enter nothing else. */
export interface NumberSummary {
  /** The exact sum of the shortest decimals that name the values, as a decimal without exponent and trailing zeros. */
  readonly sum: string;
  /** Infinity where no value is a finite number, so that the least of several intervals is the least of theirs. */
  readonly min: number;
  /** −Infinity where no value is a finite number. */
  readonly max: number;
  /** Sum of the squared deviations from the mean; left out where it is not known, see NumberTotals. */
  readonly m2?: number;
  /** How many are NaN; left out where none is. */
  readonly nan?: number;
  /** How many are Infinity or −Infinity; left out where none is. */
  readonly infinite?: number;
}

/** Of one column of the values that are objects. */
export interface ColumnSummary extends NumberSummary {
  readonly column: string;
  /** Its finite numbers. Other values of the column are not counted. */
  readonly count: number;
}

/** Of the values of one interval. Sum, minimum and maximum are those of the values that are plain numbers. */
export interface Summary extends NumberSummary {
  /** All values: one a parameter. */
  readonly count: number;
  /** How many are no number but text, true or false, null, a list or an object; left out where none is. */
  readonly other?: number;
  /** The columns that hold numbers, by name in the order of UTF-16 code units; left out where there are none. */
  readonly columns?: readonly ColumnSummary[];
  /** There are more than MOST_COLUMNS of them, so that none is aggregated. */
  readonly wide?: true;
}

/** So many numeric columns are aggregated; with more of them none is. */
export const MOST_COLUMNS = 100;
/** A column of a longer name is not aggregated, and not one of those many. */
export const LONGEST_COLUMN = 256;

/** How many of the values are finite plain numbers: those that sum, minimum and maximum are made of. */
export function finiteCount({ count, nan = 0, infinite = 0, other = 0 }: Summary): number {
  return count - nan - infinite - other;
}
