/** Sweep documents: what computes, what names them, what they become in a plan. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planOf, reconcilePlans, type Plan } from '../../core/model/plan.js';
import type { Columns } from '../../core/model/value.js';
import { loadConfig } from '../../core/runtime/config.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { expandCommand } from '../../core/sweep/command.js';
import { sweepOf, sweepOfPlan } from '../../core/sweep/read.js';
import { decodeRecord, encodeRecord } from '../../core/wire/record-codec.js';
import { flat } from '../support/arbitrary-records.js';

const grid = { alpha: [0.1, 0.2], name: ['x y', "it's"] };
const of = (computation: unknown, more: object = {}) => sweepOf({ parameters: { grid }, computation, ...more }, 'f');
const command = ['python3', '{source}', '--alpha={alpha}', '{name}', '{index}', '{json}', '{{}}', ''];

describe('a command', () => {
  it('is expanded without a shell: an argument stays one whatever is in it', () => {
    const columns: Columns = { alpha: 0.1, name: `a b "c" 'd' $e {name} \n`, on: true, none: null };
    const given = { index: 7, columns, source: '/tmp/source' };
    expect(expandCommand(command, given)).toEqual([
      'python3',
      '/tmp/source',
      '--alpha=0.1',
      columns['name'],
      '7',
      JSON.stringify(columns),
      '{}',
      '',
    ]);
    expect(expandCommand(['{on}|{none}|{alpha}{alpha}'], given)).toEqual(['true||0.10.1']);
    expect(expandCommand(['{json}'], { ...given, columns: {} })).toEqual(['7']);
  });

  it('gives back any text of a column, and any text that is written with doubled braces', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: fc.constantFrom('{', '}', 'a') }),
        (text, braces) => {
          const written = braces.replaceAll('{', '{{').replaceAll('}', '}}');
          const given = { index: 0, columns: { c: text }, source: undefined };
          expect(expandCommand([`${written}{c}`], given)).toEqual([braces + text]);
        },
      ),
    );
  });

  it('names numbers as JSON does', () => {
    const given = (x: number) => ({ index: 0, columns: { x }, source: undefined });
    expect([1e21, 1e-7, 5, 0.1].map((x) => expandCommand(['{x}'], given(x))[0])).toEqual(['1e+21', '1e-7', '5', '0.1']);
  });
});

describe('a computation', () => {
  it('is the built-in one, a module where there is a source, or a program', async () => {
    expect((await of(undefined)).computation).toEqual({ kind: 'builtin' });
    expect((await of({}, { source: 'export const compute = () => 1' })).computation).toEqual({ kind: 'module' });
    const program = await of({ command: ['a', 5, '{alpha}'], concurrency: 4, timeoutSeconds: 0.5, memory: '512Mi' });
    expect(program.computation).toEqual({
      kind: 'program',
      command: ['a', '5', '{alpha}'],
      protocol: 'process',
      concurrency: 4,
      timeoutSeconds: 0.5,
      memoryBytes: 512 * 2 ** 20,
    });
    expect((await of({ command: ['a'], protocol: 'lines' })).computation).toMatchObject({
      protocol: 'lines',
      batch: undefined,
      concurrency: 1,
    });
    expect((await of({ command: ['a'], protocol: 'lines', batch: 100 })).computation).toMatchObject({ batch: 100 });
  });

  it("may have the chart's empty defaults", async () => {
    const defaults = { command: [], protocol: '', batch: null, concurrency: 1, timeoutSeconds: null, memory: '' };
    expect((await of(defaults)).id).toBe((await of(undefined)).id);
  });

  it.each<[unknown, RegExp]>([
    [{ command: 'python3 model.py' }, /computation\.command is "python3 model\.py": give a list.*no shell/],
    [{ command: ['a', true] }, /command\[1\] is true: give a text, in quotes/],
    [
      { command: ['a', '{beta}'] },
      /command\[1\] has the placeholder \{beta\}.*\{alpha\}, \{name\}, \{index\}, \{json\}.*\{\{ and \}\}/,
    ],
    [{ command: ['a', '{"x": 1}'] }, /\{"x": 1\}.*which nothing fills/],
    [{ command: ['a', 'x}'] }, /command\[1\] has a single "\}".*write \}\}/],
    [{ command: ['a', '{source}'] }, /has \{source\}, and no source is given.*--source FILE/],
    [{ command: ['a', '{alpha}'], protocol: 'lines' }, /has \{alpha\}, and with protocol "lines"/],
    [{ command: ['a'], protocol: 'http' }, /protocol is "http": give process.*or lines/],
    [{ command: ['a'], batch: 10 }, /computation\.batch is for protocol lines.*set protocol: lines/],
    [{ command: ['a'], protocol: 'lines', batch: 0 }, /batch is 0: give a whole number from 1 to 1000/],
    [{ command: ['a'], concurrency: 0 }, /concurrency is 0: give a whole number from 1/],
    [{ command: ['a'], timeoutSeconds: -1 }, /timeoutSeconds is -1: give a number of seconds above 0/],
    [{ command: ['a'], memory: '5 GB' }, /memory is "5 GB".*for example 512Mi/],
    [{ command: ['a'], retries: 1 }, /computation\.retries is no setting here/],
    [{ memory: '1Gi' }, /computation\.memory belongs to a program/],
  ])('is refused as %j', async (computation, message) => {
    await expect(of(computation)).rejects.toThrow(ConfigError);
    await expect(of(computation)).rejects.toThrow(message);
  });
});

describe('the id of a sweep', () => {
  const idOf = async (document: object) => (await sweepOf(document, 'f')).id;

  it('is the same however the document is spelled and ordered', async () => {
    const id = await idOf({
      parameters: { grid: { b: 1, a: { from: 1, to: 3 } } },
      computation: { command: ['x', 1] },
    });
    expect(id).toMatch(/^sweep:[0-9a-f]{32}$/);
    const others = [
      {
        computation: { command: ['x', '1'], protocol: 'process' },
        parameters: { grid: { a: { to: 3, from: 1, step: 1 }, b: [1] } },
      },
      {
        computation: { command: ['x', 1.0] },
        parameters: {
          grid: [
            { name: 'a', from: 1, to: 3 },
            { name: 'b', values: [1] },
          ],
        },
      },
      JSON.parse(
        '{"parameters":{"grid":{"a":{"from":1e0,"to":3.0},"b":1}},"computation":{"command":["x",1]}}',
      ) as object,
    ];
    for (const other of others) expect(await idOf(other)).toBe(id);
  });

  it('leaves out what only adds parameters behind the others, and what no value depends on', async () => {
    const of = { a: { from: 0, to: 1 } };
    const pairs: [object, object][] = [
      [{ parameters: { range: 10 } }, { parameters: { range: { total: 20 } } }],
      [{ parameters: { range: { from: 1, to: 3 } } }, { parameters: { range: { from: 1, to: 4 } } }],
      [{ parameters: { sample: { points: 5, of } } }, { parameters: { sample: { points: 6, of } } }],
      [
        { parameters: { range: 1 }, computation: { command: ['x'], timeoutSeconds: 5 } },
        { parameters: { range: 1 }, computation: { command: ['x'], concurrency: 3, memory: '1Gi' } },
      ],
      [
        { parameters: { range: 1 }, computation: { command: ['x'], protocol: 'lines' } },
        { parameters: { range: 1 }, computation: { command: ['x'], protocol: 'lines', batch: 100 } },
      ],
    ];
    for (const [one, other] of pairs) expect(await idOf(one)).toBe(await idOf(other));
  });

  it('differs where a value, an axis, the command or the source does', async () => {
    const documents = [
      { parameters: { grid: { a: [1, 2] } } },
      { parameters: { grid: { a: [2, 1] } } },
      { parameters: { grid: { a: ['1', 2] } } },
      { parameters: { grid: { a: [1, 2], b: 1 } } },
      {
        parameters: {
          grid: [
            { name: 'b', values: [1] },
            { name: 'a', values: [1, 2] },
          ],
        },
      },
      { parameters: { grid: { a: [1, 2] } }, source: 'x' },
      { parameters: { grid: { a: [1, 2] } }, computation: { command: ['x'] } },
      { parameters: { grid: { a: [1, 2] } }, computation: { command: ['x'], protocol: 'lines' } },
      { parameters: { range: 2 } },
      { parameters: { range: { from: 0, to: 1 } } },
    ];
    const ids = await Promise.all(documents.map(idOf));
    expect(new Set(ids).size).toBe(documents.length);
  });

  it('knows the column that Helm read as false from the placeholder', async () => {
    const computation = { command: ['x', '{n}'] };
    const helm = await sweepOf({ parameters: { grid: { false: [1, 2], z: 1 } }, computation }, 'f');
    expect(helm.parameters.columns).toEqual(['n', 'z']);
    expect(helm.id).toBe(await idOf({ parameters: { grid: { n: [1, 2], z: 1 } }, computation }));
  });
});

describe('the plan of a sweep', () => {
  const config = (env: Record<string, string> = {}) => loadConfig({ RUN_ID: 'r', TOTAL_PARAMETERS: '7', ...env });
  const plan = async (document: object, env: Record<string, string> = {}): Promise<Plan> =>
    planOf(config(env), await sweepOf(document, 'f'));
  const document = { parameters: { grid: { alpha: { from: 1, to: 10 }, b: [1, 2] } }, computation: { command: ['x'] } };

  it('has its total, its id and its values', async () => {
    const sweep = await sweepOf(document, 'f');
    expect(await plan(document)).toMatchObject({
      totalParameters: 20,
      computation: sweep.id,
      keepValues: true,
      sweep: document,
    });
    expect((await plan(document, { RESULTS_STORE: 'none' })).keepValues).toBe(false);
    expect(planOf(config())).toMatchObject({ totalParameters: 7, computation: 'builtin', keepValues: false });
    expect(planOf(config())).not.toHaveProperty('sweep');
    expect(planOf(config({ RESULTS_STORE: 'log' })).keepValues).toBe(true);
    await expect(plan({ parameters: { range: 2e12 } })).rejects.toThrow(
      /more than 20,000,000 chunks: raise CHUNK_SIZE/,
    );
  });

  it('carries the document through the log, and gives its columns back', async () => {
    const table = `m,k\n${'größe,1\n'.repeat(1000)}`;
    const known = await plan({ parameters: { grid: { a: [1, 2] } }, table, source: 'print(1)\n' });
    const record = { kind: 'plan' as const, ...known, createdAt: 'now' };
    const wire = encodeRecord(record);
    expect(String(wire['sweep']).length).toBeLessThan(500);
    for (const read of [wire, flat(wire)]) {
      const decoded = decodeRecord(read) as typeof record;
      expect(decoded).toEqual(record);
      const sweep = await sweepOfPlan(decoded);
      expect([sweep?.id, sweep?.parameters.at(1999)]).toEqual([known.computation, { m: 'größe', k: 1, a: 2 }]);
    }
    expect(await sweepOfPlan({ runId: 'r' })).toBeUndefined();
    expect(() => decodeRecord({ ...wire, sweep: 'AAAA' })).toThrow(/no packed document/);
  });

  it.each<[what: string, wanted: object, change: RegExp]>([
    [
      'a grown axis',
      { parameters: { grid: { alpha: { from: 1, to: 11 }, b: [1, 2] } } },
      /totalParameters 20 → 22, parameters\.grid\.alpha\.to 10 → 11\)/,
    ],
    [
      'another value',
      { parameters: { grid: { alpha: { from: 1, to: 10 }, b: [1, 3] } } },
      /parameters\.grid\.b\[1\] 2 → 3\)/,
    ],
    [
      'one axis more',
      { parameters: { grid: { ...document.parameters.grid, c: 'x' } } },
      /parameters\.grid\.c "x" added\)/,
    ],
    ['another command', { computation: { command: ['x', '{b}'] } }, /computation\.command \["x"\] → \["x","\{b\}"\]\)/],
    ['a source', { source: 'a\nb' }, /source [0-9a-f]{8} added\)/],
    ['another kind', { parameters: { range: 20 } }, /parameters\.grid .* removed, parameters\.range 20 added\)/],
  ])('refuses %s, naming what changed and the remedy', async (_, wanted, change) => {
    const known = await plan(document);
    const other = await plan({ ...document, ...wanted });
    expect(() => reconcilePlans(known, other)).toThrow(ConfigError);
    expect(() => reconcilePlans(known, other)).toThrow(change);
    expect(() => reconcilePlans(known, other)).toThrow(/new run instead: set another RUN_ID \(chart: run\.id\)/);
  });

  it('names the first line of a source that changed', async () => {
    const [known, wanted] = [
      await plan({ ...document, source: 'a\nb\nc' }),
      await plan({ ...document, source: 'a\nB\nc' }),
    ];
    expect(() => reconcilePlans(known, wanted)).toThrow(/source from line 2 on \(b → B\)/);
  });

  it('is extended by a longer range and by more points, and resumed with another time limit', async () => {
    const [known, longer] = [await plan({ parameters: { range: 10 } }), await plan({ parameters: { range: 20 } })];
    expect(reconcilePlans(known, longer)).toEqual(longer);
    expect(() => reconcilePlans(longer, known)).toThrow(/totalParameters 20 → 10/);
    const patient = await plan({ ...document, computation: { command: ['x'], timeoutSeconds: 9 } });
    expect(reconcilePlans(await plan(document), patient)).toEqual(patient);
  });
});
