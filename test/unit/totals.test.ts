/** Aggregates: exact where they say so, whatever the pieces and the order, and right after pieces were replaced. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Summariser } from '../../compute/summarise.js';
import { ExactSum } from '../../core/model/exact-sum.js';
import { MOST_COLUMNS, type Summary } from '../../core/model/summary.js';
import { Totals } from '../../core/model/totals.js';
import type { Value } from '../../core/model/value.js';
import { arbitraryNumber, arbitraryRow, arbitraryValue } from '../support/arbitrary-values.js';

function summaryOf(values: readonly Value[]): Summary {
  const summariser = new Summariser(false);
  values.forEach((value, i) => summariser.add(i, value));
  return summariser.summary();
}

function totalsOf(pieces: readonly (readonly Value[])[]): Totals {
  const totals = new Totals();
  for (const piece of pieces) if (piece.length > 0) totals.merge(summaryOf(piece));
  return totals;
}

/** All that does not depend on the order. */
function exactly(totals: Totals): unknown {
  const { m2: _, columns, ...summary } = totals.summary();
  return { ...summary, columns: columns?.map(({ m2: _spread, ...column }) => column) };
}

const values = fc.array(fc.oneof(arbitraryRow, arbitraryNumber, arbitraryValue), { maxLength: 30 });
const cut = fc.tuple(values, fc.nat(30)).map(([all, at]) => [all.slice(0, at), all.slice(at)] as const);

describe('the aggregate of values', () => {
  it('counts each kind, and sums the finite numbers of each column exactly', () => {
    const { columns, ...summary } = summaryOf([
      1,
      NaN,
      2.5,
      Infinity,
      -Infinity,
      'text',
      null,
      { a: 0.1, b: 'x' },
      { a: 0.2 },
      { a: NaN, __proto__: null },
      [1],
    ]);
    expect(summary).toEqual({ count: 11, sum: '3.5', min: 1, max: 2.5, m2: 1.125, nan: 1, infinite: 2, other: 6 });
    expect(columns).toEqual([
      { column: 'a', count: 2, sum: '0.3', min: 0.1, max: 0.2, m2: expect.closeTo(0.005) as number, nan: 1 },
    ]);
  });

  it('is the same in whatever pieces and order the values come', () => {
    fc.assert(
      fc.property(cut, ([a, b]) => {
        const whole = exactly(totalsOf([[...a, ...b]]));
        expect(exactly(totalsOf([a, b]))).toEqual(whole);
        expect(exactly(totalsOf([b, a]))).toEqual(whole);
        expect(exactly(totalsOf([b.toReversed(), a.toReversed()]))).toEqual(whole);
      }),
    );
  });

  it('is right where one piece took the place of others within it', () => {
    fc.assert(
      fc.property(values, cut, fc.nat(30), (before, [a, b], at) => {
        fc.pre(a.length > 0);
        const totals = totalsOf([before, a.slice(0, at), a.slice(at)]);
        for (const piece of [a.slice(0, at), a.slice(at)]) if (piece.length > 0) totals.unmerge(summaryOf(piece));
        totals.merge(summaryOf([...a, ...b]));
        expect(exactly(totals)).toEqual(exactly(totalsOf([before, [...a, ...b]])));
      }),
    );
  });

  it('tells mean and standard deviation as an exact calculation does, also after pieces were replaced', () => {
    const numbers = fc.array(
      fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(0, 1e6)).map(([n, far]) => n / 8 + far),
      { minLength: 2, maxLength: 40 },
    );
    fc.assert(
      fc.property(numbers, fc.nat(40), (all, at) => {
        const rows = all.map((x) => ({ x }));
        const totals = totalsOf([rows.slice(0, at), rows.slice(at)]);
        if (at > 0 && at < rows.length) {
          totals.unmerge(summaryOf(rows.slice(at)));
          totals.merge(summaryOf(rows.slice(at)));
        }
        const n = BigInt(all.length);
        const eighths = all.map((x) => BigInt(x * 8));
        const sum = eighths.reduce((a, b) => a + b, 0n);
        const squares = eighths.reduce((a, b) => a + b * b, 0n);
        const deviation = Math.sqrt(Number(n * squares - sum * sum) / Number(n * (n - 1n))) / 8;
        const [column] = totals.figures().columns;
        expect(column?.mean).toBeCloseTo(Number(sum) / 8 / all.length, 9);
        expect(column?.standardDeviation ?? NaN).toBeCloseTo(deviation, 6);
      }),
    );
  });

  it('has no spread among equal numbers, of a single number, and where squares are beyond a double', () => {
    const of = (numbers: number[]) => totalsOf(numbers.map((x) => [x])).numbers.figures();
    expect(of(Array<number>(30).fill(0.1)).standardDeviation).toBe(0);
    expect(of([7])).toMatchObject({ mean: 7, standardDeviation: null });
    expect(of([1e308, -1e308, 1e308])).toMatchObject({ min: -1e308, max: 1e308, standardDeviation: null });
    expect(of([])).toEqual({
      count: 0,
      sum: '0',
      min: null,
      max: null,
      mean: null,
      standardDeviation: null,
      nan: 0,
      infinite: 0,
    });
  });

  it('stays exact beyond what a double holds', () => {
    const { sum, mean } = totalsOf([
      [1e308, 1e308],
      [1e308, 2 ** 60],
    ]).numbers.figures();
    const exact = new ExactSum();
    for (const value of [1e308, 1e308, 1e308, 2 ** 60]) exact.add(value);
    expect(sum).toBe(exact.toString());
    expect(Number(sum)).toBe(Infinity);
    expect(mean).toBeCloseTo(7.5e307, -295);
  });

  it('knows no spread where a record does not tell it', () => {
    const totals = totalsOf([[1, 2]]);
    totals.merge({ sum: '7', count: 2, min: 3, max: 4 });
    expect(totals.numbers.figures()).toMatchObject({ count: 4, sum: '10', mean: 2.5, standardDeviation: null });
  });

  it('leaves columns alone where there are too many, in one record or in all together', () => {
    const row = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${from + i}`, i]));
    expect(summaryOf([row(0, MOST_COLUMNS)]).columns).toHaveLength(MOST_COLUMNS);
    expect(summaryOf([row(0, MOST_COLUMNS + 1)])).toMatchObject({ wide: true });
    expect(summaryOf([row(0, MOST_COLUMNS + 1)])).not.toHaveProperty('columns');
    const together = totalsOf([[row(0, 60)], [row(60, 60)], [row(0, 60)]]).figures();
    expect(together).toMatchObject({ tooManyColumns: true, columns: [], other: 3 });
    expect(summaryOf([{ ['n'.repeat(300)]: 1, n: 1 }]).columns).toHaveLength(1);
  });
});
