/** The examples, by the very commands of their pages, on this machine alone: what they print is what the pages show. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { digestIn, emptyClone, readExample, type ExampleName } from '../support/examples.js';
import { temporaryDirectory } from '../unit/support.js';

const run = promisify(execFile);

/** Of the table that each becomes. */
const TABLES = {
  'monte-carlo': {
    runId: 'pi-1',
    rows: 2000,
    header: 'index,points,repetition,status,attempts,off,pi,error',
    first: '0,1000,1,ok,1,0.017592653589793006,3.124,',
    last: /^1999,128000,250,ok,1,0\.\d+,3\.1\d+,$/,
  },
  'python-model': {
    runId: 'oscillator-1',
    rows: 2000,
    header: 'index,damping,frequency,start,status,attempts,energy,rest,error',
    first: '0,0.013075358409763321,3.255706767246389,-0.9130367324554183,ok,1,12.636905,,',
    last: /^1999,0\.0\d+,0\.6\d+,-0\.6\d+,ok,1,4\.980829,,$/,
  },
  'existing-program': {
    runId: 'beam-1',
    rows: 120,
    header: 'index,material,modulus,strength,length,load,status,attempts,deflection,holds,stress,error',
    first: '0,aluminium,69000000000,276000000,0.5,100,ok,1,0.115942,true,2.4,',
    last: /^119,titanium,116000000000,880000000,5,1000,ok,1,689\.655,true,240,$/,
  },
} satisfies Record<ExampleName, object>;

const environments = temporaryDirectory();
afterAll(() => environments[Symbol.dispose]());

/** @returns a PATH whose python3 has these packages and no others; pip is only needed where there are any */
async function python(name: string, ...packages: string[]): Promise<string> {
  const folder = join(environments.path, name);
  await run('python3', ['-m', 'venv', ...(packages.length === 0 ? ['--without-pip'] : []), folder]);
  const bin = join(folder, 'bin');
  const once = ['--quiet', '--disable-pip-version-check', '--retries', '1', '--timeout', '10'];
  if (packages.length > 0) await run(join(bin, 'pip'), ['install', ...once, ...packages], { timeout: 120_000 });
  return `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
}

const hasPython = await run('python3', ['--version']).then(
  () => true,
  () => false,
);

/** The python3 of this machine if it has numpy, else one that gets it; undefined where neither can be. */
const numpy = await run('python3', ['-c', 'import numpy']).then(
  () => process.env['PATH'],
  () => python('numpy', 'numpy').catch(() => undefined),
);

describe.concurrent('the example', () => {
  async function check(name: ExampleName, PATH: string): Promise<void> {
    const { runId, rows, header, first, last } = TABLES[name];
    const { here, shown, digest } = readExample(name);
    using clone = emptyClone({ PATH });
    const ran = await clone.type(here);
    expect(ran.stdout).toContain(`${rows} expected: ${rows} results, 0 dead, 0 missing, 0 counted twice`);
    expect(ran.stdout).toMatch(/^COMPLETE /m);
    expect(digestIn(ran.stdout)).toBe(digest);

    expect(shown.length).toBeGreaterThan(0);
    for (const { command, output } of shown) expect((await clone.type(command)).stdout, command).toBe(output);
    await clone.type(`npx ttg results ${runId} --out table.csv`);
    const table = readFileSync(join(clone.path, 'table.csv'), 'utf8').trimEnd().split(/\r?\n/);
    expect(table).toHaveLength(1 + rows);
    expect(table.slice(0, 2)).toEqual([header, first]);
    expect(table.at(-1)).toMatch(last);
  }

  it.each(['monte-carlo', 'existing-program'] as const)('%s runs as its page says', (name) =>
    check(name, process.env['PATH'] ?? ''),
  );

  const title = 'python-model runs as its page says';
  if (numpy === undefined)
    it.skip(`${title}: no python3 with numpy can be had here, so that only the test on a cluster runs it`);
  else it(title, () => check('python-model', numpy));

  it.skipIf(!hasPython)('python-model says what it lacks where there is no numpy, and computes nothing', async () => {
    using clone = emptyClone({ PATH: await python('bare') });
    await expect(clone.type(readExample('python-model').here)).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/ModuleNotFoundError: No module named 'numpy'[^]*Nothing was published/) as string,
    });
  });
});
