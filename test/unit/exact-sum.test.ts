import { describe, expect, it } from 'vitest';
import { ExactSum } from '../../core/model/exact-sum.js';
import { random, shuffled } from './support.js';

function sumOf(values: readonly number[]): ExactSum {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum;
}

describe('ExactSum', () => {
  it.each([
    [[], '0'],
    [[0], '0'],
    [[-0], '0'],
    [[0.1, 0.2], '0.3'],
    [[1e21], '1000000000000000000000'],
    [[1.5e-7], '0.00000015'],
    [[-1.25], '-1.25'],
    [[-0.5], '-0.5'],
    [[1, -1], '0'],
    [[0.5, 0.5], '1'],
    [[100], '100'],
    [[1e21, 1, -1e21], '1'],
    [[1e-10, 1e10], '10000000000.0000000001'],
    [[-0.001, -0.009], '-0.01'],
    [[0.0004, 0.0996], '0.1'],
    [[421950.5], '421950.5'],
  ])('of %j is %s', (values, text) => {
    expect(sumOf(values).toString()).toBe(text);
  });

  it.each([1, 2, 3])('agrees with whole numbers of the last place, in any order (seed %d)', (seed) => {
    const next = random(seed);
    const places = 4;
    const units = Array.from({ length: 2000 }, () => BigInt(Math.floor((next() - 0.5) * 2e9)));
    const values = units.map((u) => Number(u) / 10 ** places);
    const total = units.reduce((a, b) => a + b, 0n);
    for (const order of [values, shuffled(values, next)]) {
      const sum = sumOf(order);
      expect(sum.equals(total, places)).toBe(true);
      expect(sum.equals(total + 1n, places)).toBe(false);
    }
  });

  it('agrees with whole numbers over exponents of both signs', () => {
    const next = random(9);
    const sum = new ExactSum();
    let total = 0n; // in units of 10^-40
    for (let i = 0; i < 500; i++) {
      const mantissa = Math.floor((next() - 0.5) * 2e6);
      const exponent = Math.floor(next() * 60) - 30;
      sum.add(Number(`${mantissa}e${exponent}`));
      total += BigInt(mantissa) * 10n ** BigInt(40 + exponent);
    }
    expect(sum.equals(total, 40)).toBe(true);
  });

  it('is the same however the values were grouped', () => {
    const next = random(4);
    const values = Array.from({ length: 1000 }, () => Math.round(next() * 1e5) / 100);
    const groups = new ExactSum();
    for (let i = 0; i < values.length; i += 37) groups.add(Number(sumOf(values.slice(i, i + 37)).toString()));
    expect(groups.toString()).toBe(sumOf(values).toString());
  });

  it('is equal at any number of decimals that names the same value', () => {
    expect(sumOf([0.5]).equals(5n, 1)).toBe(true);
    expect(sumOf([0.5]).equals(500n, 3)).toBe(true);
    expect(sumOf([7]).equals(7n, 0)).toBe(true);
    expect(sumOf([0.5]).equals(5n, 2)).toBe(false);
  });

  it.each([
    [[-1e9, 1], '-999999999'],
    [[-1e18, 1], '-999999999999999999'],
    [[-1e27, 1], '-999999999999999999999999999'],
    [[1e27, -1e-18], '999999999999999999999999999.999999999999999999'],
    [[-1e27, 1e-18], '-999999999999999999999999999.999999999999999999'],
    [[-1e-18, -1e-27], '-0.000000000000000001000000001'],
    [[1e308, 1e308, 1e308, -3], `2${'9'.repeat(307)}7`],
    [[0.3, 0.1 + 0.2], '0.60000000000000004'],
  ])('of %j carries and borrows over as many digits as it takes: %s', (values, text) => {
    expect(sumOf(values).toString()).toBe(text);
    expect(sumOf([...values].reverse()).toString()).toBe(text);
  });

  it('may be read between additions, and adds what was written', () => {
    const sum = new ExactSum();
    sum.add(-0.30000000000000004);
    expect(sum.toString()).toBe('-0.30000000000000004');
    sum.addDecimal('1000000000000000000000.5');
    expect(sum.toString()).toBe('1000000000000000000000.19999999999999996');
    sum.subtractDecimal('1000000000000000000000.19999999999999996');
    expect(sum.toString()).toBe('0');
  });

  it('takes a decimal longer than any number has', () => {
    const sum = new ExactSum();
    sum.addDecimal(`-${'7'.repeat(500)}.${'3'.repeat(500)}`);
    expect(sum.toString()).toBe(`-${'7'.repeat(500)}.${'3'.repeat(500)}`);
  });

  it('takes the smallest and the largest number there is', () => {
    expect(sumOf([5e-324]).equals(5n, 324)).toBe(true);
    expect(sumOf([Number.MAX_VALUE, -Number.MAX_VALUE]).toString()).toBe('0');
  });
});

it('is the same whatever the order of large, small and fine values', () => {
  const values = [
    0.1, 0.25, 3, -7.5, 1e-7, 123456789.12, 999999999999999, 999999999999999, 5e21, -1e15, 1e15, 0.30000000000000004,
    421.5,
  ];
  for (let turn = 0; turn < values.length; turn++) {
    expect(sumOf([...values.slice(turn), ...values.slice(0, turn)]).toString()).toBe(
      '5000002000000123457204.77000010000000004',
    );
  }
});
