import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParameterIndex } from '../../core/model/parameter-index.js';
import type { Columns } from '../../core/model/value.js';

const indexOf = (rows: readonly Columns[]) =>
  ParameterIndex.of((index) => rows[index] as Columns, [{ start: 0, end: rows.length - 1 }]);

describe('parameters by their columns', () => {
  it('are found wherever they stand and in whatever order their columns are named', async () => {
    const index = await indexOf([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: '1', b: 'x' },
    ]);
    expect(index.take({ b: 'y', a: 1 })).toBe(1);
    expect(index.take({ a: '1', b: 'x' })).toBe(2);
    expect(index.take({ a: 1 })).toBeUndefined();
    expect(index.take({ a: 1, b: 'x', c: null })).toBeUndefined();
  });

  it('are answered by the first of equals, then by the next, each once', async () => {
    const index = await indexOf([{ a: 7 }, { a: 8 }, { a: 7 }, { a: 7 }]);
    expect([1, 2, 3, 4].map(() => index.take({ a: 7 }))).toEqual([0, 2, 3, undefined]);
    expect(index.take({ a: 8 })).toBe(1);
  });

  it('are looked for only among those that are named', async () => {
    const rows = [{ a: 0 }, { a: 1 }, { a: 2 }, { a: 3 }];
    const index = await ParameterIndex.of(
      (i) => rows[i] as Columns,
      [
        { start: 0, end: 0 },
        { start: 3, end: 3 },
      ],
    );
    expect(rows.map((row) => index.take(row))).toEqual([0, undefined, undefined, 3]);
    expect((await ParameterIndex.of(() => ({}), [])).take({})).toBeUndefined();
  });

  it('are those that a list of texts finds, for any rows', async () => {
    const row = fc.record({ a: fc.integer({ min: 0, max: 3 }), b: fc.constantFrom('x', 'y', null, true) });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.array(row, { maxLength: 60 }), async (rows, asked) => {
        const left: (string | undefined)[] = rows.map((each) => JSON.stringify(each));
        const index = await indexOf(rows);
        for (const each of asked) {
          const place = left.indexOf(JSON.stringify(each));
          if (place >= 0) left[place] = undefined;
          expect(index.take(each)).toBe(place >= 0 ? place : undefined);
        }
      }),
    );
  });

  it('are refused where they are more than memory should hold', async () => {
    await expect(ParameterIndex.of(() => ({}), [{ start: 0, end: 200_000_000 }])).rejects.toThrow(
      /100,000,000 at most/,
    );
  });
});
