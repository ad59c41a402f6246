/** Ranges and grids: their points, their order, and what is refused. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Columns, Scalar } from '../../core/model/value.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { sweepOf } from '../../core/sweep/read.js';
import { logarithmic, linear, stepped } from '../../core/sweep/points.js';

const parametersOf = async (parameters: unknown) => (await sweepOf({ parameters }, 'heat.yaml')).parameters;
const gridOf = (grid: unknown) => parametersOf({ grid });
const axis = async (of: unknown): Promise<Scalar[]> => {
  const { total, at } = await gridOf({ alpha: of });
  return Array.from({ length: total }, (_, i) => at(i)['alpha'] as Scalar);
};
/** Decimals of up to twelve digits, as people write them. */
const decimal = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: -6, max: 6 }))
  .map(([digits, exponent]) => Number(`${digits}e${exponent}`) + 0);

it('a parameter of a grid as text is what JSON makes of it, whatever the names and the values', async () => {
  const name = fc.oneof(fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'ü', '"', '0', '7', '_') }));
  const scalar = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Number.isInteger(x)),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
  );
  const grids = fc.uniqueArray(fc.tuple(name, fc.array(scalar, { minLength: 1, maxLength: 4 })), {
    minLength: 1,
    maxLength: 4,
    selector: ([column]) => column,
  });
  await fc.assert(
    fc.asyncProperty(grids, async (axes) => {
      const { total, at, textAt } = await gridOf(axes.map(([column, values]) => ({ name: column, values })));
      for (let round = 0; round < 2; round++)
        for (let index = 0; index < total; index++) expect(textAt(index)).toBe(JSON.stringify(at(index)));
      expect(() => textAt(total)).toThrow(RangeError);
    }),
    { numRuns: 50 },
  );
});

describe('an axis', () => {
  it.each<[string, unknown, Scalar[]]>([
    ['a list of anything', [1, 'a', true, null, 0.5], [1, 'a', true, null, 0.5]],
    ['a constant', 'adam', ['adam']],
    ['points', { from: 0.1, to: 1, steps: 10 }, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    ['a step', { from: 0.1, to: 0.7, step: 0.1 }, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]],
    ['steps of 1 where none is said', { from: -1, to: 2 }, [-1, 0, 1, 2]],
    ['a descending step', { from: 1, to: 0, step: -0.25 }, [1, 0.75, 0.5, 0.25, 0]],
    ['descending points', { from: 3, to: 1, steps: 3 }, [3, 2, 1]],
    ['thirds, as the nearest doubles', { from: 0, to: 1, steps: 4 }, [0, 1 / 3, 2 / 3, 1]],
    ['decades', { from: 0.001, to: 1000, steps: 7, log: true }, [0.001, 0.01, 0.1, 1, 10, 100, 1000]],
    ['descending decades', { from: 100, to: 1, steps: 3, log: true }, [100, 10, 1]],
    ['negative decades', { from: -1, to: -100, steps: 3, log: true }, [-1, -10, -100]],
    ['one point', { from: 5, to: 5, steps: 1 }, [5]],
    ['one value as a range', { from: 5, to: 5 }, [5]],
    ['values by name', { values: [3, 1] }, [3, 1]],
    ['no negative zero', [-0], [0]],
  ])('may be %s', async (_, of, points) => {
    expect(await axis(of)).toEqual(points);
  });

  it('hits both ends exactly, in steps that any decimal makes, and is nowhere off the exact sum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(200),
        fc.integer({ min: -12, max: 12 }),
        (first, step, more, exponent) => {
          const written = (whole: number): number => Number(`${whole}e${exponent}`) + 0;
          const last = first + step * more;
          const points = stepped(written(first), written(last), written(step));
          expect(points.size).toBe(BigInt(more + 1));
          expect(points.last).toBe(written(last));
          // Each point is the shortest decimal, as if somebody had written it by hand.
          for (let i = 0; i <= more; i++) expect(points.at(i)).toBe(written(first + i * step));
        },
      ),
    );
  });

  it('hits both ends exactly and rises, whatever the ends and the number of points', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 2, max: 50 }),
        (a, b, steps) => {
          const [from, to] = [Math.min(a, b) + 0, Math.max(a, b) + 0];
          const points = linear(from, to, steps);
          expect([points.at(0), points.at(steps - 1)]).toEqual([from, to]);
          for (let i = 1; i < steps; i++) expect(points.at(i)).toBeGreaterThanOrEqual(points.at(i - 1));
        },
      ),
    );
  });

  it('hits both ends exactly and stays between them where it is logarithmic', () => {
    const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(positive, positive, fc.integer({ min: 2, max: 50 }), (from, to, steps) => {
        const points = logarithmic(from, to, steps);
        expect([points.at(0), points.at(steps - 1)]).toEqual([from, to]);
        for (let i = 0; i < steps; i++) {
          expect(points.at(i)).toBeGreaterThanOrEqual(Math.min(from, to));
          expect(points.at(i)).toBeLessThanOrEqual(Math.max(from, to));
        }
      }),
    );
  });

  it('has the same points by number and by distance', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 1000 }), (from, step, gaps) => {
        const to = Number((from + step * gaps).toPrecision(14));
        const [byStep, byNumber] = [stepped(from, to, step), linear(from, to, gaps + 1)];
        if (byStep.last === to) for (const i of [0, 1, gaps]) expect(byStep.at(i)).toBe(byNumber.at(i));
      }),
    );
  });
});

describe('a grid', () => {
  it('is the cross product in alphabetical order, the last axis the fastest, whatever the order of the keys', async () => {
    const grid = await gridOf({ seed: { from: 1, to: 2 }, alpha: [0.1, 0.2], n: ['x', 'y', 'z'] });
    expect(grid.columns).toEqual(['alpha', 'n', 'seed']);
    expect(grid.total).toBe(12);
    expect([0, 1, 2, 11].map((i) => grid.at(i))).toEqual([
      { alpha: 0.1, n: 'x', seed: 1 },
      { alpha: 0.1, n: 'x', seed: 2 },
      { alpha: 0.1, n: 'y', seed: 1 },
      { alpha: 0.2, n: 'z', seed: 2 },
    ]);
    expect(grid.describe()).toBe('grid of alpha (2) × n (3) × seed (2): 12 parameters');
  });

  it('keeps the order of a list', async () => {
    const grid = await gridOf([
      { name: 'seed', from: 1, to: 2 },
      { name: 'alpha', values: [0.1, 0.2] },
    ]);
    expect([grid.columns, grid.at(1)]).toEqual([['seed', 'alpha'], { seed: 1, alpha: 0.2 }]);
  });

  it('gives at any index, in any order, what naive enumeration gives', async () => {
    const axes = fc.array(fc.array(fc.integer(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(axes, fc.infiniteStream(fc.nat()), async (lists, order) => {
        const grid = await gridOf(lists.map((values, i) => ({ name: `c${i}`, values })));
        let naive: Columns[] = [{}];
        for (const [i, values] of lists.entries())
          naive = naive.flatMap((row) => values.map((value) => ({ ...row, [`c${i}`]: value })));
        expect(grid.total).toBe(naive.length);
        for (const any of order.take(20)) expect(grid.at(any % naive.length)).toEqual(naive[any % naive.length]);
        expect(Array.from({ length: grid.total }, (_, i) => grid.at(i))).toEqual(naive);
      }),
    );
  });

  it('is exact up to 2^53 − 1 parameters, and costs nothing before it is asked', async () => {
    const grid = await gridOf({ a: { from: 1, to: 6361 }, b: { from: 1, to: 69_431 }, c: { from: 1, to: 20_394_401 } });
    expect(grid.total).toBe(Number.MAX_SAFE_INTEGER);
    expect(grid.at(grid.total - 1)).toEqual({ a: 6361, b: 69_431, c: 20_394_401 });
    expect(grid.at(grid.total - 2)).toEqual({ a: 6361, b: 69_431, c: 20_394_400 });
    expect(grid.at(20_394_401)).toEqual({ a: 1, b: 2, c: 1 });
  });

  it('has no parameter outside', async () => {
    const grid = await gridOf({ a: [1, 2] });
    for (const index of [-1, 2, 0.5, NaN]) expect(() => grid.at(index)).toThrow(/they are 0 to 1/);
  });
});

describe('a range', () => {
  it('of so many has no columns: a parameter is its index', async () => {
    for (const range of [5, { total: 5 }]) {
      const { total, columns, at } = await parametersOf({ range });
      expect([total, columns, at(4)]).toEqual([5, [], {}]);
    }
  });

  it('from one number to another has the column parameter', async () => {
    const { total, columns, at } = await parametersOf({ range: { from: -3, to: 3 } });
    expect([total, columns, at(0), at(6)]).toEqual([7, ['parameter'], { parameter: -3 }, { parameter: 3 }]);
  });
});

it.each<[what: unknown, message: RegExp]>([
  [{ grid: { alpha: { from: 0, to: 1, step: 0 } } }, /^heat.yaml: parameters\.grid\.alpha\.step is 0.*steps/],
  [
    { grid: { alpha: { from: 0, to: 1, step: -0.1 } } },
    /parameters\.grid\.alpha\.step is -0\.1.*leads away.*give 0\.1/,
  ],
  [{ grid: { alpha: { from: 2, to: 1 } } }, /parameters\.grid\.alpha has the step 1.*give -1/],
  [{ grid: { alpha: { from: 0, to: 1, step: 0.3 } } }, /alpha\.step is 0\.3.*the last point is 0\.9.*steps/],
  [{ grid: { alpha: { from: 0, to: 1, steps: 1 } } }, /alpha\.steps is 1.*both ends/],
  [{ grid: { alpha: { from: 0, to: 1, steps: 0 } } }, /alpha\.steps is 0: give a whole number from 1/],
  [{ grid: { alpha: { from: 0, to: 1, steps: 2.5 } } }, /alpha\.steps is 2\.5: give a whole number/],
  [{ grid: { alpha: { from: 0, to: 1, step: 1, steps: 2 } } }, /both step and steps/],
  [{ grid: { alpha: { from: NaN, to: 1 } } }, /alpha\.from is NaN: give a finite number/],
  [{ grid: { alpha: { from: 0, to: Infinity } } }, /alpha\.to is Infinity/],
  [{ grid: { alpha: { from: '0', to: 1 } } }, /alpha\.from is "0": give a finite number, without quotes/],
  [{ grid: { alpha: { from: 0 } } }, /alpha is \{"from":0\} and has no "to"/],
  [{ grid: { alpha: { from: 0, to: 1, stepps: 2 } } }, /alpha\.stepps is no setting here: the known ones are from, to/],
  [{ grid: { alpha: { from: 0, to: 10, steps: 3, log: true } } }, /alpha is logarithmic, and from 0 to 10/],
  [{ grid: { alpha: { from: -1, to: 10, steps: 3, log: true } } }, /alpha is logarithmic, and from -1 to 10/],
  [{ grid: { alpha: { from: 1, to: 10, log: true } } }, /alpha is logarithmic: give the number of points/],
  [{ grid: { alpha: [] } }, /alpha is empty.*at least one value/],
  [{ grid: { alpha: [1, { from: 1 }] } }, /alpha\[1\] is \{"from":1\}/],
  [{ grid: { alpha: [1, 2 ** 60] } }, /alpha\[1\] is about 1152921504606847000.*in quotes/],
  [{ grid: { alpha: { from: 0, to: Number.MAX_SAFE_INTEGER } } }, /alpha has 9007199254740992 points.*2\^53 − 1/],
  [{ grid: { a: { from: 1, to: 1e8 }, b: { from: 1, to: 1e8 } } }, /10,000,000,000,000,000 parameters.*2\^53 − 1/],
  [{ grid: {} }, /parameters is empty.*range, grid, table/],
  [{ grid: { index: [1] } }, /column "index".*Take another name/],
  [{ grid: { 'a{b': [1] } }, /braces and control characters/],
  [{ grid: { false: [1] } }, /put the name in quotes/],
  [
    {
      grid: [
        { name: 'a', values: [1] },
        { name: 'a', values: [1] },
      ],
    },
    /column "a" twice/,
  ],
  [{ grid: { a: [1] }, sample: { points: 1 } }, /has grid and sample: give one/],
  [{ range: 0 }, /parameters\.range is 0: give a whole number from 1/],
  [{ range: { from: 3, to: 1 } }, /range\.to is 1, below from/],
  [{ range: { from: -(2 ** 53) + 1, to: 2 ** 53 - 1 } }, /more than 2\^53 − 1 parameters/],
  [{ girds: {} }, /parameters\.girds is no setting here/],
  [{}, /parameters is empty/],
])('refuses %j, naming the place and the remedy', async (parameters, message) => {
  await expect(sweepOf({ parameters }, 'heat.yaml')).rejects.toThrow(ConfigError);
  await expect(sweepOf({ parameters }, 'heat.yaml')).rejects.toThrow(message);
});
