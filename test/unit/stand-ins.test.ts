/** Rows that stand for all parameters: what the types of a table's columns are taken from. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parameters } from '../../core/model/sweep.js';
import type { Columns } from '../../core/model/value.js';
import { sweepOf } from '../../core/sweep/read.js';
import { TypeOfColumn } from '../../core/table/columns.js';

const parametersOf = async (parameters: object): Promise<Parameters> =>
  (await sweepOf({ parameters, computation: { command: ['true'] } }, 'a test')).parameters;

function typesOf(columns: readonly string[], rows: Iterable<Columns>): Record<string, string> {
  const types = new Map(columns.map((name) => [name, new TypeOfColumn()]));
  for (const row of rows) for (const name of columns) types.get(name)?.see(row[name] ?? null);
  return Object.fromEntries([...types].map(([name, type]) => [name, type.type()]));
}

function* all({ total, at }: Parameters): Generator<Columns> {
  for (let index = 0; index < total; index++) yield at(index);
}

describe('stand-ins', () => {
  it.each<[string, object]>([
    ['a range', { range: { from: -3, to: 5 } }],
    ['indexes alone', { range: 10 }],
    [
      'a grid',
      {
        grid: {
          whole: { from: 1, to: 9, step: 2 },
          thirds: { from: 0, to: 1, steps: 4 },
          wholeSteps: { from: 0, to: 6, steps: 4 },
          halves: { from: 0, to: 1, step: 0.5 },
          decades: { from: 0.1, to: 10, steps: 3, log: true },
          list: [1, 2.5],
          mixed: [1, 'two'],
          flag: [true, false],
          one: 7,
          none: [null],
        },
      },
    ],
    ['a table', { table: 'a,b,c,d\n1,x,,true\n2,y,,false\n2.5,,,\n' }],
    ['a table times a grid', { table: 'a,b\n1,x\n2,7\n', grid: { c: { from: 0, to: 1, steps: 2 }, d: [0.5, 1] } }],
    [
      'a sample',
      {
        sample: {
          points: 50,
          of: {
            u: { from: 0, to: 1 },
            n: { from: 1, to: 9, integer: true },
            kind: ['a', 'b'],
            fixed: { from: 2, to: 2 },
          },
        },
      },
    ],
  ])('have the types of all parameters: %s', async (_, document) => {
    const parameters = await parametersOf(document);
    const types = typesOf(parameters.columns, parameters.standIns());
    expect(types).toEqual(typesOf(parameters.columns, all(parameters)));
  });

  it('never make a column narrower than one of its values', async () => {
    const number = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.double({ min: -5, max: 5, noNaN: true }));
    const axis = fc
      .tuple(number, number, fc.integer({ min: 2, max: 6 }))
      .map(([from, to, steps]) => ({ from, to, steps }));
    await fc.assert(
      fc.asyncProperty(axis, async (x) => {
        const parameters = await parametersOf({ grid: { x } });
        const { x: told } = typesOf(['x'], parameters.standIns());
        const { x: seen } = typesOf(['x'], all(parameters));
        expect(told === seen || (told === 'double' && seen === 'integer')).toBe(true);
      }),
    );
  });

  it('are few, however many parameters there are', async () => {
    const parameters = await parametersOf({
      grid: { a: { from: 1, to: 1e9 }, b: { from: 0, to: 1, steps: 1000 } },
    });
    expect([...parameters.standIns()].length).toBeLessThan(10);
  });
});
