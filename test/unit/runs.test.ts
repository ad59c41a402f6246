import { describe, expect, it } from 'vitest';
import { diffText, differenceJson } from '../../cli/diff-text.js';
import { listedRun, runsText } from '../../cli/runs.js';
import { compare, planChanges } from '../../core/table/compare.js';
import { readTable, type ParameterColumns, type Table } from '../../core/table/table.js';
import type { Columns, Value } from '../../core/model/value.js';
import { computesOf } from '../../core/sweep/computes.js';
import { sweepOf } from '../../core/sweep/read.js';
import { reusedBy, reusedFrom } from '../../core/wire/reused.js';
import type { LogRecord, ResultRecord } from '../../core/wire/records.js';
import { deadRecord, ledgerOf, logOf, planRecord, resultRecord, RUN, seededRecord } from './support.js';

const AT = '2026-01-01T00:00:00.000Z';
const NOW = Date.parse(AT) + 3 * 3600 * 1000;

function kept(start: number, values: readonly Value[]): ResultRecord {
  return { ...resultRecord(start, start + values.length - 1), values };
}

const tableOf = (records: readonly LogRecord[], parameters?: ParameterColumns): Promise<Table> =>
  readTable(
    () => logOf(records),
    RUN,
    () => Promise.resolve(parameters),
  );

const rows = (...list: readonly Columns[]): ParameterColumns => ({
  columns: Object.keys(list[0] ?? {}),
  at: (index) => list[index] as Columns,
  standIns: () => list,
});

describe('a run in the list', () => {
  const state = async (queued: boolean, ...records: LogRecord[]) =>
    (await listedRun(await ledgerOf(...records), { queued }, NOW)).state;
  const [plan, seeded, half, whole] = [planRecord(20), seededRecord(0, 19), resultRecord(0, 9), resultRecord(0, 19)];

  it('is seeding until all of it is published, then running while anything is queued, else incomplete', async () => {
    expect(await state(true, plan, seededRecord(0, 9))).toBe('seeding');
    expect(await state(true, plan, seeded, half)).toBe('running');
    expect(await state(false, plan, seeded, half)).toBe('incomplete');
    expect(await state(true, half)).toBe('incomplete');
  });

  it('is stopped where it is one of this machine that no process is at, whatever its queue holds', async () => {
    for (const records of [
      [plan, seeded, half],
      [plan, seededRecord(0, 9)],
    ])
      expect((await listedRun(await ledgerOf(...records), { queued: true, atRest: true }, NOW)).state).toBe('stopped');
    expect((await listedRun(await ledgerOf(plan, seeded, whole), { queued: false, atRest: true }, NOW)).state).toBe(
      'complete',
    );
  });

  it('is halted while something is missing, and complete else, with dead parameters or without', async () => {
    const halted = { kind: 'halted', runId: RUN, reason: 'cancelled', haltedAt: AT } as const;
    expect(await state(true, plan, seeded, halted)).toBe('halted: cancelled');
    expect(await state(true, plan, seeded, { ...halted, reason: 'failures' })).toBe('halted: failures');
    expect(await state(false, plan, seeded, halted, whole)).toBe('complete');
    expect(await state(false, plan, seeded, half, deadRecord(10, 19))).toBe('complete with dead');
  });

  it('is a line of a table, in which a run without a plan has no age', async () => {
    const sweep = { parameters: { grid: { a: [1, 2], b: [1, 2, 3] } }, source: 'export const compute = () => 1' };
    const listed = [
      await listedRun(await ledgerOf(planRecord(20), seeded, half), { queued: true }, NOW),
      await listedRun(await ledgerOf(planRecord(6, { computation: 'sweep:x', sweep }), seeded), { queued: true }, NOW),
      await listedRun(await ledgerOf(half), { queued: true }, NOW),
    ];
    expect(runsText(listed).split('\n')).toEqual([
      'RUN    STATE       PARAMETERS    DONE  DEAD  AGE  COMPUTES',
      'run-1  running             20  50.0 %     0  3 h  built-in, 0 to 19',
      'run-1  running              6   0.0 %     0  3 h  module, grid of a (2) × b (3)',
      'run-1  incomplete           0       –     0    –  unknown: the log holds no plan of it',
      '',
    ]);
    expect(runsText([])).toBe('the log holds no run\n');
  });

  it('does not fail the list where its parameters cannot be read', async () => {
    const sweep = { parameters: { table: { path: '/nowhere/t.csv', sha256: '0'.repeat(64) } } };
    const ledger = await ledgerOf(planRecord(6, { computation: 'sweep:x', sweep }), seeded);
    expect((await listedRun(ledger, { queued: true }, NOW)).computes).toMatch(/^parameters that cannot be read here: /);
  });
});

describe('the comparison of two runs', () => {
  it('is by index where parameters have no columns, and tells who lacks a value', async () => {
    using first = await tableOf([planRecord(6), kept(0, [1, NaN, 3]), deadRecord(3, 4)]);
    using second = await tableOf([planRecord(7), kept(0, [1, NaN, 4, 5])]);
    const comparison = await compare(first, second);
    const found = [...comparison.parameters()];
    expect(comparison.matchedBy).toBe('index');
    expect(found.map(({ kind }) => kind)).toEqual([
      'equal',
      'equal',
      'different',
      'onlySecond',
      'neither',
      'neither',
      'neither',
    ]);
    expect(found[3]?.difference).toMatchObject({
      first: { index: 3, outcome: { status: 'dead', error: 'boom' } },
      second: { index: 3, outcome: { status: 'ok', value: 5 } },
    });
  });

  it('is by columns where the plans differ: in the order of the first, then what only the second has', async () => {
    const [a, b, c] = [{ x: 1 }, { x: 2 }, { x: 3 }];
    using first = await tableOf([planRecord(2), kept(0, ['a', { y: 1, z: Infinity }])], rows(a, b));
    using second = await tableOf([planRecord(3), kept(0, ['c', { z: Infinity, y: 1 }, 'A'])], rows(c, b, a));
    const comparison = await compare(first, second);
    const found = [...comparison.parameters()];
    expect(comparison.matchedBy).toBe('columns');
    expect(found.map(({ kind }) => kind)).toEqual(['different', 'equal', 'onlySecond']);
    expect(found[0]?.difference).toMatchObject({ columns: a, first: { index: 0 }, second: { index: 2 } });
    const differences = found.flatMap(({ difference }) => difference ?? []);
    const text = diffText(
      { first: 'r1', second: 'r2', plan: ['x 1 → 2'], matchedBy: 'columns', equal: 1, different: 1, onlySecond: 2 },
      differences,
    );
    expect(text).toBe(
      '--- r1\n+++ r2\nplan         x 1 → 2\nmatched by   columns\nequal        1\ndifferent    1\n' +
        'only there   0 have a value only in r1, 2 only in r2\n@ 0 → 2 x=1\n- "a"\n+ "A"\n' +
        '@ 0 x=3\n- no such parameter\n+ "c"\nand 1 more (--out FILE writes all of them)\n',
    );
  });

  it('refuses parameters of which none can be equal', async () => {
    using first = await tableOf([planRecord(1), kept(0, [1])]);
    using second = await tableOf([planRecord(1), kept(0, [1])], rows({ x: 1 }));
    await expect(compare(first, second)).rejects.toThrow(/have columns, those of run-1 are only indexes/);
  });

  it('spells what JSON lacks as text', () => {
    const outcome = { status: 'ok', value: NaN } as const;
    const line = differenceJson({
      kind: 'onlyFirst',
      columns: undefined,
      first: { index: 1, outcome },
      second: undefined,
    });
    expect(line).toBe('{"kind":"onlyFirst","first":{"index":1,"status":"ok","value":"NaN"},"second":null}');
  });

  it('names what differs in the plans, part by part', () => {
    const sweep = (steps: number) => ({ parameters: { grid: { a: { from: 0, to: 1, steps } } } });
    const first = planRecord(10, { computation: 'sweep:1', sweep: sweep(10) });
    const second = planRecord(20, { computation: 'sweep:2', sweep: sweep(20), maxDead: 10 });
    expect(planChanges(first, second)).toEqual(['totalParameters 10 → 20', 'parameters.grid.a.steps 10 → 20']);
    expect(planChanges(first, first)).toEqual([]);
  });
});

describe('what computes a run', () => {
  const of = async (document: object) => computesOf('sweep:x', await sweepOf(document, 'test'));
  const grid = { a: [1, 2] };
  const program = { command: ['p', '{a}'] };

  it('is equal whatever the parameters and whatever only says how it is run', async () => {
    const one = await of({ parameters: { grid }, computation: program });
    const other = {
      parameters: { grid: { a: [1, 2, 3] } },
      computation: { ...program, concurrency: 3, timeoutSeconds: 9 },
    };
    expect(await of(other)).toEqual(one);
    expect(one.byIndex).toBe(false);
    for (const computation of [{ command: ['p', '-v', '{a}'] }, { command: ['q', '{a}'] }])
      expect((await of({ parameters: { grid }, computation })).id).not.toBe(one.id);
    const source = async (text: string) => (await of({ parameters: { grid }, source: text })).id;
    expect(await source('1')).not.toBe(await source('2'));
  });

  it('depends on the index where the command or the built-in computation does', async () => {
    const named = await of({ parameters: { grid }, computation: { command: ['p', '{a}', '{index}'] } });
    expect(named.byIndex).toBe(true);
    expect(await of({ parameters: { grid } })).toEqual({ id: 'builtin', byIndex: true });
    expect(computesOf('builtin', undefined)).toEqual({ id: 'builtin', byIndex: true });
  });
});

it('a result that was taken from another run names that run in place of its worker', () => {
  expect(reusedFrom(reusedBy('run-0'))).toBe('run-0');
  expect(reusedFrom('worker-1')).toBeUndefined();
});
