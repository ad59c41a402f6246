/** A values file as `ttg run` and `ttg plan` read it, and what `ttg plan` prints of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/runtime/errors.js';
import { MOST_INLINE_BYTES, readValuesFile, type Files, type ValuesFile } from '../../ops/here/values-file.js';
import { dist, runNode, temporaryDirectory } from './support.js';

const HEAT = `run: {id: heat-1, chunkSize: 50}
parameters:
  grid:
    alpha: {from: 0.1, to: 1, steps: 10}
    n: [64, 128, 256]
    seed: {from: 1, to: 10}
computation:
  simulateWorkMs: 0
  command: [python3, "{source}", --alpha, "{alpha}", --n, "{n}", --seed, "{seed}"]
`;

/** Reads a values file beside others. */
async function read(yaml: string, given: Record<string, string> = {}): Promise<ValuesFile> {
  using directory = temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  writeFileSync(path('heat.yaml'), yaml);
  for (const [name, text] of Object.entries(given)) writeFileSync(path(name), text);
  const files: Files = {
    ...('model.py' in given ? { source: path('model.py') } : {}),
    ...('table.csv' in given ? { table: path('table.csv') } : {}),
  };
  return await readValuesFile(path('heat.yaml'), files);
}

describe('a values file', () => {
  it('is the run: its sweep document is what the chart makes of it', async () => {
    const { document, sweep, plain, run } = await read(HEAT, { 'model.py': 'print(1)\n' });
    expect(document).toEqual({
      parameters: {
        grid: { alpha: { from: 0.1, to: 1, steps: 10 }, false: [64, 128, 256], seed: { from: 1, to: 10 } },
      },
      computation: {
        command: ['python3', '{source}', '--alpha', '{alpha}', '--n', '{n}', '--seed', '{seed}'],
      },
      source: 'print(1)\n',
    });
    // Helm, too, reads the unquoted n as false; the placeholder says what was meant.
    expect(sweep.parameters.columns).toEqual(['alpha', 'n', 'seed']);
    expect([plain, run]).toEqual([
      false,
      { id: 'heat-1', totalParameters: 10_000, chunkSize: 50, maxDead: '', keepValues: false },
    ]);
  });

  it('may be one without parameters, which is a range under the built-in computation or a module, as ever', async () => {
    const { document, plain, run } = await read('run: {totalParameters: 1000}\ncomputation: {simulateWorkMs: 5}');
    expect([document, plain, run.totalParameters]).toEqual([{ parameters: { range: 1000 } }, true, 1000]);
    expect((await read('{}', { 'model.py': 'export const compute = Math.sqrt' })).plain).toBe(true);
    expect((await read('')).plain).toBe(true);
    const program = await read('run: {totalParameters: 5}\ncomputation: {command: [echo, "{index}"]}');
    expect([program.plain, program.sweep.parameters.total]).toEqual([false, 5]);
  });

  it('may say yes and no for settings, and true, TRUE, 0.5 and "on" in lists', async () => {
    const { sweep } = await read(
      'parameters: {grid: {a: [true, FALSE, "on", 0.5, 0], b: {from: 1, to: 10, steps: 2, log: yes}}}\ncomputation: {command: [x]}',
    );
    expect([0, 2, 4, 6, 8].map((index) => sweep.parameters.at(index)['a'])).toEqual([true, false, 'on', 0.5, 0]);
  });

  it('may come with a table, whose path and sum stand in the document where it is large', async () => {
    const small = await read('computation: {command: [x, "{a}"]}', { 'table.csv': 'a\n1\n2\n' });
    expect([small.document.table, small.sweep.parameters.at(1)]).toEqual(['a\n1\n2\n', { a: 2 }]);
    const rows = Array.from({ length: MOST_INLINE_BYTES / 4 }, (_, i) => 100 + (i % 900));
    const large = await read('computation: {command: [x, "{a}"]}', { 'table.csv': `a\n${rows.join('\n')}\n` });
    expect(large.document).not.toHaveProperty('table');
    expect(large.document.parameters['table']).toEqual({
      path: expect.stringMatching(/^\/.*table\.csv$/) as unknown,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
    expect([large.sweep.parameters.total, large.sweep.parameters.at(900)]).toEqual([rows.length, { a: 100 }]);
  });

  it.each<[yaml: string, message: RegExp]>([
    ['parameters:\n  grid:\n    a: {from: 0, to: 1, step: 0}', /heat\.yaml:3:25: parameters\.grid\.a\.step is 0/],
    ['parameters:\n  grid: {a: [1,\n    {b: 2}]}', /heat\.yaml:3:5: parameters\.grid\.a\[1\]/],
    ['parameters:\n  grid: {a: []}', /heat\.yaml:2:10: parameters\.grid\.a is empty/],
    ['computation:\n  command: [x, "{b}"]', /heat\.yaml:2:16: computation\.command\[1\] has the placeholder \{b\}/],
    ['parameters: {grid: {n: [1]}}', /heat\.yaml:1:21: parameters\.grid\.false.*"n": \[64, 128\]/],
    ['parameters:\n  grid: [', /heat\.yaml:2:10: .*Mend the YAML/],
    ['a: 1\na: 2', /heat\.yaml:2:1: Map keys must be unique/],
    ['- 1', /heat\.yaml: it is no mapping/],
    ['parameters: 5', /heat\.yaml:1:1: parameters must be a mapping/],
    [
      'parameters: {gird: {a: [1]}}\ncomputation: {command: [x]}',
      /heat\.yaml:1:14: parameters\.gird is no setting here/,
    ],
    ['parameters:\n  grid:\ncomputation: {command: [x]}', /heat\.yaml:2:3: parameters\.grid is empty: write what/],
    ['parameters: {grid: {a: [x, on]}}', /heat\.yaml:1:28: the unquoted on is true to YAML: write "on" for the text/],
    ['parameters: {sample: {points: 2, of: {c: [x, N]}}}', /the unquoted N is false to YAML/],
    [
      'parameters: {grid: {a: [010]}}',
      /heat\.yaml:1:25: the unquoted 010 is 8 to YAML: write "010" .* 8 for the number/,
    ],
    ['run: {chunksize: 1}', /heat\.yaml:1:7: run\.chunksize is no setting: .*chunkSize/],
    [
      'run: {totalParameters: 5}\nparameters: {grid: {a: 1}}',
      /heat\.yaml:1:7: run\.totalParameters and parameters both say/,
    ],
    ['run: {id: Heat_1}', /:1:7: run\.id is "Heat_1": give 1 to 40 lower-case letters, digits and dashes/],
    ['run: {totalParameters: 0}', /:1:7: run\.totalParameters is 0: [^;]*>=1$/],
  ])('is refused as %j, with line and column', async (yaml, message) => {
    await expect(read(yaml)).rejects.toThrow(ConfigError);
    await expect(read(yaml)).rejects.toThrow(message);
  });

  it('is refused with an empty table, which is not the same as none', async () => {
    using directory = temporaryDirectory();
    const [path, table] = [join(directory.path, 'v.yaml'), join(directory.path, 't.csv')];
    writeFileSync(path, 'parameters: {}\n');
    writeFileSync(table, '');
    await expect(readValuesFile(path, { table })).rejects.toThrow(/--table .*t\.csv: it is empty/);
  });

  it('is refused where a file is missing, is a folder or no text', async () => {
    await expect(readValuesFile('/no/such.yaml')).rejects.toThrow(/values file \/no\/such\.yaml: ENOENT/);
    using directory = temporaryDirectory();
    const path = join(directory.path, 'heat.yaml');
    writeFileSync(path, '{}');
    await expect(readValuesFile(path, { source: directory.path })).rejects.toThrow(/--source .*it is no file/);
    writeFileSync(join(directory.path, 'latin'), Buffer.from([0x67, 0xf6]));
    await expect(readValuesFile(path, { source: join(directory.path, 'latin') })).rejects.toThrow(
      /no text in UTF-8|not text in UTF-8/,
    );
  });
});

describe('ttg plan', { timeout: 60_000 }, () => {
  async function plan(yaml: string, ...options: string[]) {
    using directory = temporaryDirectory();
    const [file, source] = [join(directory.path, 'heat.yaml'), join(directory.path, 'model.py')];
    writeFileSync(file, yaml);
    writeFileSync(source, 'print(1)\n');
    const { status, stdout, stderr } = await runNode([
      dist('cli/main.js'),
      'plan',
      file,
      '--source',
      source,
      ...options,
    ]);
    return { status, stdout: stdout.replaceAll(directory.path, ''), stderr };
  }

  it('prints the parameters, the chunks, the first and last commands and the space', async () => {
    const { status, stdout } = await plan(HEAT);
    expect(status).toBe(0);
    expect(stdout).toContain('parameters   grid of alpha (10) × n (3) × seed (10): 300 parameters\n');
    expect(stdout).toContain('chunks       6 of 50 parameters\n');
    expect(stdout).toMatch(/computation  one process a parameter, sweep:[0-9a-f]{32}\n/);
    expect(stdout).toContain('values       all are kept in the log: about 1 MiB, 11 bytes a number\n');
    expect(stdout).toContain('space        here about 1 MiB of memory and 1 MiB of disk in runs/heat-1\n');
    expect(stdout).toContain('             redis about 1 MiB of memory and 1 MiB of disk\n');
    expect(stdout.match(/python3/g)).toHaveLength(6);
    expect(stdout).toContain('  0 alpha=0.1 n=64 seed=1\n      python3 /model.py --alpha 0.1 --n 64 --seed 1\n');
    expect(stdout).toContain('  299 alpha=1 n=256 seed=10\n      python3 /model.py --alpha 1 --n 256 --seed 10\n');
  });

  it('prints the same as JSON', async () => {
    const { stdout } = await plan(HEAT, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      parameters: { total: 300, columns: ['alpha', 'n', 'seed'] },
      here: { run: 'heat-1', chunks: 6, chunkSize: 50, values: { store: 'log', bytes: 3300 } },
      onCluster: { run: 'heat-1', chunks: 6, chunkSize: 50, values: { store: 'log', bytes: 3300 } },
      examples: [{ index: 0, parameter: { alpha: 0.1, n: 64, seed: 1 } }, {}, {}, { index: 297 }, {}, { index: 299 }],
    });
  });

  it('tells what `ttg run` and helm install make of what the file leaves out', async () => {
    const grid =
      'parameters: {grid: {a: {from: 1, to: 100000}}}\ncomputation: {command: [m, "{source}"], protocol: lines}\n';
    const { stdout } = await plan(grid, '-j', '4');
    expect(stdout).toContain('run          heat; by helm install run-1, unless run.id is set\n');
    expect(stdout).toContain(
      'chunks       here 100 of 1,000 parameters, for 4 workers (-j); on a cluster 1,000 of 100 parameters (run.chunkSize)\n',
    );
    const named = await plan(grid, '--run-id', 'mine', '--set', 'run.chunkSize=10', '--set', 'run.id=theirs');
    expect(named.stdout).toContain('run          mine; by helm install theirs, unless run.id is set\n');
    expect(named.stdout).toContain('chunks       10,000 of 10 parameters\n');
  });

  it('keeps values out of the broker where the file does, and says where they go', async () => {
    const grid =
      'parameters: {grid: {a: {from: 1, to: 10000000}}}\ncomputation: {command: [m, "{source}"]}\n' +
      'run: {chunkSize: 10000}\n';
    const spaces = async (...set: string[]) => {
      const { stdout } = await plan(grid, ...set.flatMap((pair) => ['--set', pair]));
      return stdout.split('\n').filter((line) => /^(values| +redis)/.test(line));
    };
    expect(await spaces()).toEqual([
      'values       all are kept in the log: about 105 MiB, 11 bytes a number',
      '             redis about 106 MiB of memory and 106 MiB of disk',
    ]);
    expect(await spaces('results.store=s3', 'results.s3.bucket=mine')).toEqual([
      'values       all are kept in the bucket mine: about 86 MiB, 9 bytes a number, an object a chunk',
      '             redis about 1 MiB of memory and 1 MiB of disk',
    ]);
    expect(await spaces('results.store=directory', 'results.directory.path=/data')).toEqual([
      'values       all are kept in /data: about 86 MiB, 9 bytes a number, a file a chunk',
      '             redis about 1 MiB of memory and 1 MiB of disk',
    ]);
    expect(await spaces('results.store=none')).toEqual([
      'values       none are kept, only digests and aggregates (results.store: log keeps them)',
      '             redis about 1 MiB of memory and 1 MiB of disk',
    ]);
  });

  it('prints what is written to a program that answers lines', async () => {
    const { stdout } = await plan(
      'parameters: {grid: {a: [x y, 2]}}\ncomputation: {command: [m, "{source}"], protocol: lines}',
    );
    expect(stdout).toContain('  0 a="x y"\n      {"index":0,"parameter":{"a":"x y"}}\n  1 a=2\n');
  });

  it('ends with status 2 and the place of what is wrong', async () => {
    const { status, stdout, stderr } = await plan(
      'parameters:\n  grid: {a: []}\ncomputation: {command: [cat, "{source}"]}',
    );
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/heat\.yaml:2:10: parameters\.grid\.a is empty/);
  });
});
