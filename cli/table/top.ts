/** The rows with the largest or the smallest values of a column, without keeping the others. */
import type { Row } from '../../core/table/table.js';

/**
 * Rows whose column is null or NaN are left out; equal ones stay in the order of the index.
 * @param at place of the column
 * @returns at most `count`, the most extreme one first
 */
export function extremes(rows: Iterable<Row>, at: number, count: number, which: 'largest' | 'smallest'): Row[] {
  const sign = which === 'largest' ? -1 : 1;
  const order = (a: Row, b: Row): number => {
    const [x, y] = [a[at] as number | string, b[at] as number | string];
    return x < y ? -sign : x > y ? sign : 0;
  };
  let kept: Row[] = [];
  let bound: Row | undefined;
  for (const row of rows) {
    const value = row[at];
    if (value === null || Number.isNaN(value)) continue;
    if (bound && order(row, bound) >= 0) continue;
    kept.push(row);
    // Cut back now and then: a sort of twice as many costs less than keeping each in its place.
    if (kept.length < 2 * count + 100) continue;
    kept = kept.sort(order).slice(0, count);
    bound = kept.at(-1);
  }
  return kept.sort(order).slice(0, count);
}
