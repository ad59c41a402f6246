import { describe, expect, it } from 'vitest';
import { ExactSum } from '../../core/model/exact-sum.js';
import { builtin, expectedTotal } from '../../compute/builtin.js';

/** The published formula, written as users read it. */
const literal = (i: number): number => ((7 * i + 13) % 1000) + Number(`0.${i % 100}`);

/** The same without the addition's rounding: both parts put together as text. */
const decimal = (i: number): number => Number(`${(7 * i + 13) % 1000}.${i % 100}`);

describe('the built-in computation', () => {
  it('gives the decimal that the formula names, to the last bit, over several periods', () => {
    const unequal = Array.from({ length: 12_345 }, (_, i) => i).filter((i) => builtin.compute(i) !== decimal(i));
    expect(unequal).toEqual([]);
  });

  it('differs from adding both parts as floating-point numbers by the rounding of that addition at most', () => {
    const differences = Array.from({ length: 1000 }, (_, i) => Math.abs(builtin.compute(i) - literal(i)) / literal(i));
    expect(Math.max(...differences)).toBeLessThanOrEqual(Number.EPSILON);
    // 1 + 0.84 is 1.8399999999999999: the exact sum needs 1.84.
    expect(differences.flatMap((d, i) => (d > 0 ? [i] : []))).toEqual([284, 856]);
  });

  it.each([
    [0, 13],
    [5, 48.5],
    [50, 363.5],
    [15, 118.15],
    [1, 20.1],
    [10, 83.1],
    [99, 706.99],
    [100, 713],
  ])('of parameter %d is %d', (i, value) => {
    expect(builtin.compute(i)).toBe(value);
  });

  it('is exact for parameters whose sevenfold is beyond the safe integers', () => {
    const i = Number.MAX_SAFE_INTEGER;
    const whole = Number((7n * BigInt(i) + 13n) % 1000n);
    expect(builtin.compute(i)).toBe((whole * 100 + (i % 100)) / 100);
  });

  it('gives values with two decimals at most', () => {
    for (let i = 0; i < 1000; i++) expect(Number(builtin.compute(i).toFixed(2))).toBe(builtin.compute(i));
  });
});

describe('the total that a complete run must have', () => {
  it.each([1, 2, 99, 100, 101, 999, 1000, 1001, 2500, 10_000])(
    'over %d parameters is what computing each of them gives',
    (total) => {
      const sum = new ExactSum();
      const values = Array.from({ length: total }, (_, i) => decimal(i));
      for (const value of values) sum.add(value);
      const expected = expectedTotal(total);
      expect(sum.equals(expected.sumHundredths, 2)).toBe(true);
      expect(expected).toMatchObject({ count: total, min: Math.min(...values), max: Math.max(...values) });
    },
  );

  it('grows by the same amount each period, however large the run', () => {
    const period = expectedTotal(1000).sumHundredths;
    expect(expectedTotal(10_000_000_000).sumHundredths).toBe(period * 10_000_000n);
  });
});
