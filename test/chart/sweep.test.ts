/** Parameters and programs of the user's: what the chart writes into the sweep document, and who has it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { containers, notes, one, pods, refusal, render, type Render } from './support/helm.js';

const folder = mkdtempSync(join(tmpdir(), 'ttg-sweep-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values as a user writes them: JSON would not show what Helm makes of YAML. */
function yaml(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const document = (options: Render): unknown => {
  const data = one(render(options), 'ConfigMap', 'ttg-computation').data ?? {};
  const [file = '', ...more] = Object.keys(data);
  expect(more).toEqual([]);
  expect(file).toMatch(/^sweep-[0-9a-f]{8}\.json$/);
  return JSON.parse(data[file] ?? '');
};
const command = ['python3', '{source}', '{alpha}'];
const source = 'import sys\nprint("<ü&>", sys.argv)\n';
const grid = { alpha: { from: 0.1, to: 1, steps: 10 } };

describe('the sweep document', () => {
  it('has what the values say, and nothing that they leave open', () => {
    expect(document({ data: { parameters: { grid }, computation: { command, source } } })).toEqual({
      parameters: { grid },
      computation: { command },
      source,
    });
  });

  it('has every setting of a program', () => {
    const settings = { command, protocol: 'process', concurrency: 4, timeoutSeconds: 0.5, memory: '64Mi' };
    const options = { parameters: { grid }, computation: { ...settings, source } };
    expect(document({ data: options })).toHaveProperty('computation', settings);
    const batches = { command, protocol: 'lines', batch: 100 };
    expect(document({ data: { parameters: { grid }, computation: { ...batches, source } } })).toHaveProperty(
      'computation',
      batches,
    );
    // Helm hands fractions over as text.
    const set = ['computation.timeoutSeconds=0.5', 'computation.concurrency=4', 'computation.memory=1000'];
    expect(document({ data: { computation: { command: ['a'] } }, set })).toHaveProperty('computation', {
      command: ['a'],
      concurrency: 4,
      timeoutSeconds: 0.5,
      memory: '1000',
    });
  });

  it('keeps numbers, texts and truth values apart', () => {
    const values = yaml(
      'kinds.yaml',
      'parameters: {grid: {a: [1000000, 0.1, 1e308, 5e-324, true, "007", "yes", -3]}}\n',
    );
    const axis = [1000000, 0.1, 1e308, 5e-324, true, '007', 'yes', -3];
    expect(document({ values: [values] })).toHaveProperty('parameters.grid.a', axis);
  });

  it('takes lists by --set', () => {
    const parameters = { grid: { m: [64, 128], name: ['a', 'b'] } };
    const set = ['parameters.grid.m={64,128}', 'parameters.grid.name={a,b}'];
    expect(document({ set })).toEqual({ parameters, computation: {} });
  });

  it('writes numbers in a command as they are', () => {
    const options = { computation: { command: ['./model', 10_000_000, true, '0.50'] } };
    expect(document({ data: options })).toHaveProperty('computation.command', ['./model', '10000000', 'true', '0.50']);
  });

  it('may have braces that are no placeholder', () => {
    const options = { computation: { command: ['echo', '{{source}}', '{{{index}}}'] } };
    expect(document({ data: options })).toHaveProperty('computation.command', options.computation.command);
  });

  it('has a table as text beside the parameters, a grid with it or not', () => {
    const table = 'name,"x y"\r\nä,1\n';
    expect(document({ data: { parameters: { table } } })).toEqual({ parameters: {}, computation: {}, table });
    expect(document({ data: { parameters: { table, grid } } })).toEqual({
      parameters: { grid },
      computation: {},
      table,
    });
  });

  it('is a range for a program without parameters', () => {
    const options = { computation: { command: ['true'] }, run: { totalParameters: 5_000_000 } };
    expect(document({ data: options })).toHaveProperty('parameters', { range: 5_000_000 });
    expect(document({ data: { computation: { command: ['true'] } } })).toHaveProperty('parameters', { range: 10_000 });
  });

  it('leaves out what is taken back', () => {
    const data = { parameters: { grid, table: null } };
    expect(document({ data })).toEqual({ parameters: { grid }, computation: {} });
    for (const parameters of [null, { grid: null }])
      expect(render({ data: { parameters } }).map(({ metadata }) => metadata.name)).not.toContain('ttg-computation');
  });

  it('is another file when it says something else', () => {
    const file = (data: Record<string, unknown>) =>
      Object.keys(one(render({ data }), 'ConfigMap', 'ttg-computation').data ?? {})[0];
    const first = file({ parameters: { grid } });
    expect(file({ parameters: { grid: { alpha: [1] } } })).not.toBe(first);
    expect(file({ parameters: { grid }, computation: { source: 'export default 1' } })).not.toBe(first);
    expect(file({ parameters: { grid }, worker: { maxReplicas: 3 } })).toBe(first);
  });

  it('reaches seeder, workers and test pod, and the former two have a place to write the program to', () => {
    const data = { parameters: { grid }, computation: { command, source } };
    const objects = render({ data });
    const computation = { name: 'computation', mountPath: '/computation', readOnly: true };
    const tmp = { name: 'tmp', mountPath: '/tmp' };
    const mounts = (component: string) => containers(objects).find(({ name }) => name === component)?.volumeMounts;
    expect(mounts('seeder')).toEqual([computation, tmp]);
    expect(mounts('worker')).toEqual([computation, tmp]);
    expect(mounts('verify')).toEqual([computation]);
    const [worker] = pods(objects.filter(({ kind }) => kind === 'ScaledJob'));
    expect(worker?.spec.volumes).toEqual([
      { name: 'computation', configMap: { name: 'ttg-computation' } },
      { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
    ]);
  });

  it('is what the notes speak of', () => {
    expect(notes({ data: { parameters: { grid, table: 'a\n1\n' } } })).toContain(
      'Run run-1 has the parameters of its grid × table in chunks of 100',
    );
    expect(notes({ data: { computation: { command: ['true'] } } })).toContain('Run run-1 has 10000 parameters');
  });
});

describe('a table on a volume', () => {
  const sha256 = 'a'.repeat(64);
  const table = { path: '/data/points.csv', sha256 };
  const worker = {
    extraVolumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'points', readOnly: true } }],
    extraVolumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
  };

  it('is named, not copied, and mounted wherever the sweep is read', () => {
    const data = { parameters: { table }, worker };
    expect(document({ data })).toEqual({ parameters: { table }, computation: {} });
    for (const { name, volumeMounts } of containers(render({ data })).filter(({ image }) => image.startsWith('ttg:')))
      expect(volumeMounts, name).toContainEqual(worker.extraVolumeMounts[0]);
    for (const { owner, spec } of pods(render({ data })).filter(({ owner }) => owner.kind !== 'StatefulSet'))
      expect(spec.volumes, owner.kind).toContainEqual(worker.extraVolumes[0]);
  });

  it('is refused where no volume is mounted, or one beside it', () => {
    const remedy = /lies on no volume .*worker\.extraVolumes, and a folder above the file in worker\.extraVolumeMounts/;
    expect(refusal({ data: { parameters: { table } } })).toMatch(remedy);
    const beside = { ...table, path: '/data2/points.csv' };
    expect(refusal({ data: { parameters: { table: beside }, worker } })).toMatch(remedy);
  });

  it('is the way out for a table that is too large', () => {
    const long = 'x\n'.repeat(400_000);
    expect(refusal({ data: { parameters: { table: long } } })).toMatch(
      /have room for 700000: put the table on a volume .*\{path: …, sha256: …\}/,
    );
  });
});

const wrong: [string, Record<string, unknown>, RegExp][] = [
  [
    'two totals',
    { parameters: { grid }, run: { totalParameters: 5 } },
    /run\.totalParameters 5 and parameters both .*leave run\.totalParameters out/,
  ],
  [
    'a range and a grid',
    { parameters: { range: 5, grid } },
    /parameters\.grid and parameters\.range cannot be combined/,
  ],
  ['a sample and a table', { parameters: { sample: { points: 5 }, table: 'a\n' } }, /only grid and table can/],
  [
    'a protocol without a program',
    { computation: { protocol: 'lines' } },
    /computation\.protocol .*set computation\.command/,
  ],
  [
    'a time limit without a program',
    { computation: { timeoutSeconds: 5 } },
    /computation\.timeoutSeconds is for a program/,
  ],
  [
    'batches of a process a parameter',
    { computation: { command: ['a'], batch: 10 } },
    /computation\.batch is for protocol lines, .*set computation\.protocol to lines/,
  ],
  ['{source} without a source', { computation: { command } }, /says \{source\}.*--set-file computation\.source=FILE/],
  [
    'a source without {source}',
    { computation: { command: ['python3'], source } },
    /used nowhere .*write "\{source\}" where/,
  ],
  [
    'a parameter that may outlast its chunk',
    { computation: { command: ['a'], timeoutSeconds: 2000 } },
    /exceeds .*chunkTimeoutSeconds 1500: raise worker\.chunkTimeoutSeconds/,
  ],
  [
    'a program that may take all memory',
    { computation: { command: ['a'], memory: '256Mi' } },
    /leaves nothing of worker\.resources\.limits\.memory 256Mi .*lower computation\.memory/,
  ],
  [
    'values that are kept and not kept',
    { results: { store: 'none' }, run: { keepValues: true } },
    /leave one of them out/,
  ],
  ['a paused Indexed Job', { mode: 'static', run: { paused: true } }, /run\.paused is for queue mode/],
  ['an axis whose ends are text', { parameters: { grid: { a: { from: '0.1' } } } }, /want number|Expected: number/],
  ['a table without its digest', { parameters: { table: { path: '/a' } } }, /sha256/],
  ['another store', { results: { store: 'ftp' } }, /log/],
];

it.each(wrong)('refuses %s', (_what, data, remedy) => {
  expect(refusal({ data })).toMatch(remedy);
});

describe('run.totalParameters', () => {
  const total = (options: Render) =>
    containers(render(options))
      .find(({ name }) => name === 'seeder')
      ?.env?.find(({ name }) => name === 'TOTAL_PARAMETERS')?.value;

  it('is 10000 unless a preset or the command line says otherwise', () => {
    expect(total({})).toBe('10000');
    expect(total({ values: ['small-redis.yaml'] })).toBe('1000');
    expect(total({ set: ['run.totalParameters=7'] })).toBe('7');
    expect(total({ values: ['small-redis.yaml'], set: ['run.totalParameters=null'] })).toBe('10000');
  });

  it('of a preset gives way where it is taken back', () => {
    const options = { values: ['small-redis.yaml'], data: { parameters: { grid }, run: { totalParameters: null } } };
    expect(document(options)).toHaveProperty('parameters', { grid });
  });
});

it('pauses KEDA while run.paused is true, and otherwise says nothing of it', () => {
  const annotations = (set: string[]) => one(render({ set }), 'ScaledJob').metadata.annotations;
  expect(annotations(['run.paused=true'])).toEqual({ 'autoscaling.keda.sh/paused': 'true' });
  expect(annotations([])).toBeUndefined();
  expect(notes({ set: ['run.paused=true'] })).toContain('It is paused');
});
