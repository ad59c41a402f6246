/** Samples: by counter, reproducible, and spread as they should be. */
import { describe, expect, it } from 'vitest';
import { philox, type Counter, type Key } from '../../core/sweep/sample/philox.js';
import { directionsOf, MOST_DIMENSIONS, sobolBits } from '../../core/sweep/sample/sobol.js';
import { sweepOf } from '../../core/sweep/read.js';

const sampleOf = async (sample: unknown) => (await sweepOf({ parameters: { sample } }, 'file')).parameters;
const of = { alpha: { from: 0.1, to: 0.9 }, kind: ['a', 'b', 'c'], n: { from: 1, to: 6, integer: true }, fixed: 'x' };

it.each<[Counter, Key, Counter]>([
  // The known answers of the authors' library, Random123.
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
])('draws the known random numbers for the counter %j', (counter, key, words) => {
  expect(philox(counter, key)).toEqual(words);
});

it('has the points of the Sobol sequence that SciPy 1.17 has, unscrambled', () => {
  const scipy: Record<number, number[]> = {
    0: [0, 2147483648, 3221225472, 1073741824, 3758096384, 1778384896, 1048576, 262144],
    1: [0, 2147483648, 1073741824, 3221225472, 3758096384, 1107296256, 4042260480, 3435921408],
    2: [0, 2147483648, 1073741824, 3221225472, 536870912, 3321888768, 1435500544, 3231449088],
    3: [0, 2147483648, 1073741824, 3221225472, 1610612736, 3120562176, 3872391168, 3020685312],
    49: [0, 2147483648, 3221225472, 1073741824, 3758096384, 2852126720, 2609905664, 192151552],
    99: [0, 2147483648, 3221225472, 1073741824, 1610612736, 3791650816, 4134535168, 1266941952],
    127: [0, 2147483648, 1073741824, 3221225472, 536870912, 1979711488, 1123024896, 2727084032],
  };
  for (const [dimension, points] of Object.entries(scipy)) {
    const directions = directionsOf(Number(dimension));
    expect([0, 1, 2, 3, 5, 100, 4095, 16383].map((index) => sobolBits(directions, index))).toEqual(points);
  }
});

describe.each(['uniform', 'sobol'])('a %s sample', (method) => {
  it('has the columns in alphabetical order, each within its bounds', async () => {
    const { total, columns, at } = await sampleOf({ points: 1000, seed: 7, method, of });
    expect([total, columns]).toEqual([1000, ['alpha', 'fixed', 'kind', 'n']]);
    const rows = Array.from({ length: total }, (_, i) => at(i));
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(['a', 'b', 'c']));
    expect(new Set(rows.map(({ n }) => n))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(new Set(rows.map(({ fixed }) => fixed))).toEqual(new Set(['x']));
    expect(rows.every(({ alpha }) => Number(alpha) >= 0.1 && Number(alpha) <= 0.9)).toBe(true);
    expect(new Set(rows.map(({ alpha }) => alpha)).size).toBe(1000);
  });

  it('gives a row alone as in order, from the seed, and more points change none of the earlier', async () => {
    const few = await sampleOf({ points: 50, seed: 7, method, of });
    const many = await sampleOf({ points: 5000, seed: 7, method, of });
    const other = await sampleOf({ points: 50, seed: 8, method, of });
    for (const index of [49, 0, 17, 3]) {
      expect(many.at(index)).toEqual(few.at(index));
      expect(other.at(index)['alpha']).not.toBe(few.at(index)['alpha']);
    }
  });

  it('draws a million points as cheaply at the end as at the beginning', async () => {
    const { at, total } = await sampleOf({ points: 2 ** 32, seed: 1, method, of });
    expect(at(total - 1)).toEqual(at(total - 1));
    expect(at(2 ** 31)).not.toEqual(at(2 ** 31 + 1));
  });

  it('spreads as its distribution says: mean, logarithm and parts', async () => {
    const columns = {
      line: { from: 0, to: 1 },
      wide: { from: 1e-6, to: 1, log: true },
      huge: { from: -1e308, to: 1e308 },
    };
    const { at } = await sampleOf({ points: 4096, seed: 3, method, of: columns });
    const rows = Array.from({ length: 4096 }, (_, i) => at(i));
    const mean = (each: (row: (typeof rows)[number]) => number): number =>
      rows.reduce((sum, row) => sum + each(row) / rows.length, 0);
    // Five standard errors of the uniform sample.
    expect(Math.abs(mean(({ line }) => Number(line)) - 0.5)).toBeLessThan(0.0226);
    expect(Math.abs(mean(({ wide }) => Math.log10(Number(wide))) + 3)).toBeLessThan(0.136);
    expect(Math.abs(mean(({ huge }) => Number(huge) / 1e308))).toBeLessThan(0.0452);
  });
});

it('stratifies a Sobol sample of 2^k points, scrambled: one point in each part of each dimension', async () => {
  const columns = Object.fromEntries(Array.from({ length: MOST_DIMENSIONS }, (_, i) => [`c${i}`, { from: 0, to: 1 }]));
  const { at } = await sampleOf({ points: 256, seed: 99, method: 'sobol', of: columns });
  const rows = Array.from({ length: 256 }, (_, i) => at(i));
  for (const name of Object.keys(columns))
    expect(new Set(rows.map((row) => Math.floor(Number(row[name]) * 256))).size, name).toBe(256);
  // Of the first two dimensions each of 16 × 16 squares has one point, too: a (0, 2)-sequence.
  const squares = rows.map(({ c0, c1 }) => Math.floor(Number(c0) * 16) * 16 + Math.floor(Number(c1) * 16));
  expect(new Set(squares).size).toBe(256);
});

it('reaches whole numbers far apart, of which the sequence has fewer bits', async () => {
  const wide = { n: { from: 0, to: 2 ** 52, integer: true } };
  const { at } = await sampleOf({ points: 100, method: 'sobol', of: wide });
  const values = Array.from({ length: 100 }, (_, i) => Number(at(i)['n']));
  expect(values.every(Number.isSafeInteger)).toBe(true);
  expect(new Set(values.map((value) => value % 2))).toEqual(new Set([0, 1]));
});

it.each<[unknown, RegExp]>([
  [{ of }, /parameters\.sample says no number of points/],
  [{ points: 0, of }, /sample\.points is 0: give a whole number from 1/],
  [{ points: 10 }, /sample\.of is undefined: give a mapping/],
  [{ points: 10, of: {} }, /sample\.of is empty/],
  [{ points: 10, method: 'lhs', of }, /sample\.method is "lhs": give uniform or sobol/],
  [{ points: 10, seed: -1, of }, /sample\.seed is -1/],
  [{ points: 2 ** 33, method: 'sobol', of }, /points is 8589934592: give a whole number from 1 to 4294967296/],
  [{ points: 10, of: { a: { from: 2, to: 1 } } }, /of\.a\.to is 1, below from/],
  [{ points: 10, of: { a: { from: 0, to: 1, log: true } } }, /of\.a\.from is 0, which has no logarithm/],
  [{ points: 10, of: { a: { from: 0, to: 1, steps: 3 } } }, /of\.a has the points of a grid/],
  [{ points: 10, of: { a: { from: 0.5, to: 1, integer: true } } }, /of\.a\.from is 0\.5: give a whole number/],
  [{ points: 10, of: { a: { from: 0, to: 2 ** 60, integer: true } } }, /of\.a\.to is 1152921504606847000/],
  [{ points: 10, of: { a: [] } }, /of\.a is empty/],
  [
    { points: 1, method: 'sobol', of: Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`c${i}`, [1, 2]])) },
    /has 129 columns that vary.*at most 128.*method: uniform/,
  ],
])('refuses %j, naming the place and the remedy', async (sample, message) => {
  await expect(sampleOf(sample)).rejects.toThrow(message);
});
