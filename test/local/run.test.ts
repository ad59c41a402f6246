/** `ttg run FILE` by real processes: complete runs, and whatever may end one in the middle. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { PROGRAMS } from '../../ops/programs.js';
import { placeWith, type Place, type Started } from '../support/run-file.js';
import { eventually } from '../support/wait.js';

const GRID = `
run: {id: grid-1}
parameters:
  grid:
    alpha: {from: 0.5, to: 5, steps: 10}
    size: [64, 128, 256]
    name: [a, b]
`;
/** 60 parameters, each of them quick. */
const MODULE = `
import { scale } from './scale.ts';
interface Parameter { readonly alpha: number; readonly size: number }
export const compute = ({ alpha, size }: Parameter): number => scale(alpha * size);
`;
const SCALE = 'export const scale = (x: number): number => x * 2;\n';

/** 300 parameters of 80 ms. */
const SLOW = 'run: {id: slow-1, totalParameters: 300}\n';
const SLOW_MODULE = `
export const compute = async (i) => {
  await new Promise((resolve) => setTimeout(resolve, 80));
  return i;
};
`;

/** Processes of this machine with the folder in their environment or arguments: workers, and what they started. */
function workersOf(place: Place): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isWorker = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(PROGRAMS.worker);
        return isWorker && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(place.path) ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
}

const underWay = (run: Started): Promise<boolean> =>
  eventually(() => /: [1-9]\d*\.\d %|[1-9]\d* of 300/.test(run.stderr()), 60_000, 'the first results');

describe('a file and its module', () => {
  it('become a verdict, a joblog and a folder; again they are finished already', async () => {
    using place = placeWith({ 'grid.yaml': GRID, 'model.ts': MODULE, 'scale.ts': SCALE });
    const first = await place.run('grid.yaml', '--source', 'model.ts', '-j', '2', '--joblog', 'jobs.tsv');
    expect(first.stderr).not.toContain('ERROR');
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toContain('60 expected: 60 results, 0 dead, 0 missing, 0 counted twice');
    expect(first.stdout.trimEnd().split('\n').at(-1)).toMatch(/^COMPLETE /);
    const [header, ...jobs] = place.read('jobs.tsv').trimEnd().split('\n');
    expect(header).toMatch(/^parameter\tcolumns\tstart\t/);
    expect(jobs).toHaveLength(60);
    expect(jobs.find((job) => job.startsWith('7\t'))).toContain('\t{"alpha":1,"name":"a","size":128}\t');
    expect(JSON.parse(place.read('runs/grid-1/meta.json'))).toMatchObject({ runId: 'grid-1', backend: 'embedded' });

    const again = await place.run('grid.yaml', '--source', 'model.ts', '-j', '7');
    expect(again).toMatchObject({ status: 0, digest: first.digest });
    expect(again.stderr).toContain('grid-1 is finished: 60 of 60 have results; nothing to compute');

    place.write('scale.ts', 'export const scale = (x: number): number => x * 3;\n');
    const changed = await place.run('grid.yaml', '--source', 'model.ts');
    expect(changed.status).toBe(2);
    expect(changed.stderr).toMatch(
      /run grid-1 was started with another file.*\n {2}source from line \d+ on \(.* → .*\)\n.*--run-id/,
    );
    expect(await place.run('grid.yaml', '--source', 'model.ts', '--run-id', 'grid-2')).toMatchObject({ status: 0 });
  });

  it('may grow by more parameters, and is refused with fewer, which changes nothing', async () => {
    const of = (total: number): string => `run: {id: grown, totalParameters: ${total}}\n`;
    using place = placeWith({ 'grown.yaml': of(20), 'index.mjs': 'export const compute = (i) => i;\n' });
    const args = ['grown.yaml', '--source', 'index.mjs', '-j', '2'];
    expect(await place.run(...args)).toMatchObject({ status: 0 });
    place.write('grown.yaml', of(10));
    const sweep = place.read('runs/grown/sweep.json');
    const fewer = await place.run(...args);
    expect(fewer.status).toBe(2);
    expect(fewer.stderr).toMatch(/run grown has 20 parameters, and the file 10: a run can grow, and cannot shrink\./);
    expect(place.read('runs/grown/sweep.json')).toBe(sweep);
    place.write('grown.yaml', of(30));
    const more = await place.run(...args);
    expect(more.stderr).toContain('grown goes on: 20 of 30 have results; 10 to compute');
    expect(more).toMatchObject({ status: 0 });
  });

  it('give the same digest over Redis', async () => {
    const { env } = inject('redis');
    using place = placeWith(
      { 'grid.yaml': GRID, 'model.ts': MODULE, 'scale.ts': SCALE },
      { ...env, QUEUE_PREFIX: 'run-file' },
    );
    const here = await place.run('grid.yaml', '--source', 'model.ts', '--run-id', 'here');
    const there = await place.run('grid.yaml', '--source', 'model.ts', '--backend', 'redis', '--run-id', 'there');
    expect(there).toMatchObject({ status: 0, digest: here.digest });
    expect(here.digest).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a program', () => {
  const PROGRAM = `
const [, , alpha, n] = process.argv;
if (alpha === '3' && require('node:fs').existsSync('broken')) { console.error('it is broken'); process.exit(7); }
console.log(alpha * n);
`;
  const FILE = `
parameters:
  grid: {alpha: {from: 1, to: 4}, n: [1, 10]}
computation:
  command: [node, "{source}", "{alpha}", "{n}"]
worker: {maxRetries: 1}
`;

  it('is run for each parameter; those that fail are named, and tried again when asked to', async () => {
    using place = placeWith({ 'times.yaml': FILE, 'times.cjs': PROGRAM, 'broken': '' });
    // Whatever the program's folder is.
    place.write('times.cjs', PROGRAM.replace("'broken'", JSON.stringify(join(place.path, 'broken'))));
    const args = ['times.yaml', '--source', 'times.cjs', '-j', '2', '--joblog', 'jobs.tsv'];
    const failed = await place.run(...args);
    expect(failed.status).toBe(3);
    expect(failed.stdout).toContain('8 expected: 6 results, 2 dead, 0 missing');
    expect(failed.stderr).toMatch(/failed {2}parameter 4 \{"alpha":3,"n":1\}: .*7.*\(after 2 attempts\)/);
    expect(place.read('jobs.tsv')).toMatch(/^5\t\{"alpha":3,"n":10\}\t\S+\t\t2\tworker-\d+\tdead\t.*7/m);

    const again = await place.run(...args);
    expect(again.status).toBe(3);
    expect(again.stderr).toContain('2 are dead, and stay so');
    await promisify(execFile)('rm', [join(place.path, 'broken')]);
    const mended = await place.run(...args, '--retry-dead');
    expect(mended).toMatchObject({ status: 0 });
    expect(mended.stdout).toContain('aggregate    sum 110,');
  });
});

describe('a run that is ended in the middle', () => {
  const files = { 'slow.yaml': SLOW, 'slow.mjs': SLOW_MODULE };
  const args = ['slow.yaml', '--source', 'slow.mjs', '-j', '2'];
  const COMPLETE = '300 expected: 300 results, 0 dead, 0 missing, 0 counted twice';
  const SUM = `sum ${(299 * 300) / 2},`;

  it('by Ctrl-C says how to go on, and goes on; meanwhile nobody else may run it', async () => {
    using place = placeWith(files);
    const run = place.start(...args);
    await underWay(run);
    const second = await place.run(...args);
    expect(second.status).toBe(2);
    expect(second.stderr).toMatch(new RegExp(`process ${run.child.pid}`));
    run.child.kill('SIGINT');
    const interrupted = await run.ended;
    expect(interrupted.status).toBe(130);
    expect(interrupted.stderr).toMatch(
      /interrupted: [1-9]\d* of 300 parameters have results, and nothing is lost\. To go on:\n.* run slow\.yaml --source slow\.mjs -j 2\n$/,
    );
    expect(workersOf(place)).toEqual([]);
    const resumed = await place.run(...args);
    expect(resumed.stderr).toMatch(/slow-1 goes on: [1-9]\d* of 300 have results; \d+ to compute/);
    expect(resumed.status).toBe(0);
    expect(resumed.stdout).toContain(COMPLETE);
    expect(resumed.stdout).toContain(SUM);
  });

  it('by kill -9 leaves no worker behind, and goes on to the same digest', async () => {
    using place = placeWith(files);
    const run = place.start(...args);
    await underWay(run);
    run.child.kill('SIGKILL');
    await run.ended;
    await eventually(() => workersOf(place).length === 0, 30_000, 'the end of the workers');
    const listed = await promisify(execFile)(process.execPath, [PROGRAMS.ttg, 'runs'], { cwd: place.path });
    expect(listed.stdout).toMatch(/^slow-1 +stopped +300 /m);
    const resumed = await place.run(...args);
    expect(resumed.stderr).toMatch(/slow-1 goes on: \d+ of 300 have results/);
    expect(resumed.status).toBe(0);
    expect(resumed.stdout).toContain(COMPLETE);
    const whole = await place.run(...args, '--run-id', 'slow-2');
    expect(whole.digest).toBe(resumed.digest);
  });

  it('by the death of its workers, again and again, starts others', async () => {
    using place = placeWith(files);
    const run = place.start(...args);
    for (let deaths = 0; deaths < 3; deaths++) {
      await eventually(() => workersOf(place).length > 0, 30_000, 'a worker');
      for (const pid of workersOf(place)) process.kill(pid, 'SIGKILL');
      await eventually(() => run.stderr().split('SIGKILL').length > deaths + 1, 10_000, 'the note of a death');
    }
    const answer = await run.ended;
    expect(answer.status).toBe(0);
    expect(answer.stdout).toContain(COMPLETE);
    expect(answer.stderr).toMatch(/worker-1 was ended by SIGKILL; another one takes its place/);
  });
});

describe('what is wrong with the input', () => {
  it.each<[what: string, files: Record<string, string>, args: string[], message: RegExp]>([
    ['no such file', {}, ['no.yaml'], /no\.yaml: ENOENT/],
    ['bad YAML', { 'a.yaml': 'run:\n  id: [x\n' }, ['a.yaml'], /a\.yaml:3:1: /],
    [
      'an unknown key',
      { 'a.yaml': 'run: {id: a}\nparamters: {}\n' },
      ['a.yaml'],
      /a\.yaml:2:1: paramters is no key.*did you mean parameters\?/,
    ],
    [
      'an unknown key within',
      { 'a.yaml': 'worker:\n  maxRetrys: 1\n' },
      ['a.yaml'],
      /a\.yaml:2:3: worker\.maxRetrys .*did you mean maxRetries\?/,
    ],
    [
      'an unknown column',
      { 'a.yaml': 'parameters: {grid: {a: [1]}}\ncomputation: {command: [echo, "{b}"]}\n' },
      ['a.yaml'],
      /a\.yaml:2:\d+: .*\{b\}.*\{a\}/,
    ],
    ['no source', { 'a.yaml': 'computation: {command: [node, "{source}"]}\n' }, ['a.yaml'], /--source FILE/],
    ['a source with a mistake', { 'a.yaml': '', 'm.ts': 'let = ;\n' }, ['a.yaml', '--source', 'm.ts'], /m\.ts:1:\d+: /],
    [
      'a program that is not there',
      { 'a.yaml': 'run: {totalParameters: 3}\ncomputation: {command: [no-such-program]}\n' },
      ['a.yaml'],
      /no-such-program/,
    ],
    ['a bad --set', { 'a.yaml': '' }, ['a.yaml', '--set', 'x'], /--set x: give key=value/],
  ])('%s is told by its place, and nothing is run', async (_what, files, args, message) => {
    using place = placeWith(files);
    const answer = await place.run(...args);
    expect(answer.status).toBe(2);
    expect(answer.stderr).toMatch(message);
    expect(answer.stderr).not.toMatch(/ {4}at /);
    expect(answer.stdout).toBe('');
    const runs = join(place.path, 'runs');
    expect(existsSync(runs) ? readdirSync(runs) : [], 'what a refused run leaves').toEqual([]);
  });
});

describe('a dry run', () => {
  it('prints what would be run, and ends quietly with its reader', async () => {
    using place = placeWith({
      'big.yaml':
        'parameters: {grid: {i: {from: 1, to: 10000000}, w: ["a b"]}}\ncomputation: {command: [echo, "{i}", "{w}"]}\n',
    });
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['-c', `"${process.execPath}" "${PROGRAMS.ttg}" run big.yaml --dry-run | head -2; echo "\${PIPESTATUS[0]}"`],
      { cwd: place.path },
    );
    expect(stdout).toBe("echo 1 'a b'\necho 2 'a b'\n0\n");
    expect(stderr).toBe('');
    expect(existsSync(join(place.path, 'runs'))).toBe(false);
  });
});
