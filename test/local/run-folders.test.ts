/** Runs in folders of this machine: one takes values of another, two are compared, one is removed, by real processes. */
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { placeWith, type Place } from '../support/run-file.js';
import { eventually } from '../support/wait.js';

const MODULE = 'export const compute = ({ a, m }) => ({ sum: a + m, gap: m === 0 ? NaN : a / m });\n';
const grid = (to: number, more = ''): string =>
  `parameters: {grid: {a: {from: 1, to: ${to}}, m: {from: 0, to: 9}}}\n${more}`;
const STORED = 'results: {store: directory, directory: {path: values}}\n';

const files = { 'small.yaml': grid(10), 'grown.yaml': grid(12), 'model.mjs': MODULE };
const run = (place: Place, file: string, runId: string, ...more: string[]) =>
  place.run(file, '--source', 'model.mjs', '-j', '2', '--run-id', runId, ...more);
const objectsOf = (place: Place): string[] =>
  readdirSync(join(place.path, 'values'), { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 64);

describe('a run that is to take values from another folder', () => {
  it('computes only what is new, and is what it would be without', async () => {
    using place = placeWith(files);
    const first = await run(place, 'small.yaml', 'first');
    expect(first).toMatchObject({ status: 0 });
    const taking = await run(place, 'grown.yaml', 'taking', '--set', 'run.reuse=first', '--joblog', 'jobs.tsv');
    const fresh = await run(place, 'grown.yaml', 'fresh');
    expect(taking).toMatchObject({ status: 0, digest: fresh.digest });
    expect(taking.stdout).toMatch(/^reused +100 parameters/m);
    const jobs = place.read('jobs.tsv').trimEnd().split('\n').slice(1);
    const computed = jobs.filter((job) => !job.includes('\treused:first\t'));
    expect(computed.every((job) => Number(/^\d+/.exec(job)?.[0]) >= 100)).toBe(true);
    // Of the folder itself, as every verb finds it.
    expect(await place.ttg('verify', '--run-id', 'taking', '--certificate', 'c.json')).toMatchObject({ status: 0 });
    expect(await place.ttg('verify', '--check', 'c.json')).toMatchObject({ status: 0 });

    const same = await place.ttg('diff', 'taking', 'fresh');
    expect(same).toMatchObject({ status: 0, stdout: expect.stringMatching(/^equal +120\ndifferent +0$/m) as string });
    mkdirSync(join(place.path, 'elsewhere'));
    renameSync(join(place.path, 'runs/first'), join(place.path, 'elsewhere/first'));
    const grew = await place.ttg('diff', 'elsewhere/first', 'fresh', '--json');
    expect(grew.status).toBe(1);
    expect(JSON.parse(grew.stdout)).toMatchObject({ matchedBy: 'columns', equal: 100, different: 0, onlySecond: 20 });

    // Gone in the meantime: what it gave is there, and nothing is missing.
    expect(await run(place, 'grown.yaml', 'taking', '--set', 'run.reuse=first')).toMatchObject({ status: 0 });
  });

  it.each<[what: string, from: string, message: RegExp]>([
    ['that is not there', 'third', /there is no run third in runs \(it holds first, second\)/],
    ['that is itself', 'second', /is the run itself/],
    ['that computed something else', 'other', /computed something else \(source from line 1 on/],
    ['that is with another broker', 'redis-1', /log of redis-1 is not in its folder, but with --backend redis/],
  ])('is refused %s, and nothing is computed', async (_what, from, message) => {
    using place = placeWith({ ...files, 'other.mjs': 'export const compute = ({ a }) => a;\n' });
    expect(await run(place, 'small.yaml', 'first')).toMatchObject({ status: 0 });
    if (from === 'other') await place.run('small.yaml', '--source', 'other.mjs', '-j', '2', '--run-id', 'other');
    if (from === 'redis-1') {
      mkdirSync(join(place.path, 'runs/redis-1'));
      place.write('runs/redis-1/meta.json', '{"runId":"redis-1","backend":"redis"}');
    }
    const refused = await run(place, 'grown.yaml', 'second', '--set', `run.reuse=${from}`);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr).toContain('Nothing was published');
  });

  it('is refused while that is at work, which can neither be removed', async () => {
    using place = placeWith({
      ...files,
      'model.mjs': 'export const compute = ({ a }) => new Promise((done) => setTimeout(() => done(a), 500));\n',
    });
    const first = place.start('small.yaml', '--source', 'model.mjs', '-j', '1', '--run-id', 'first');
    await eventually(() => existsSync(join(place.path, 'runs/first/meta.json')), 30_000, 'the run at work');
    const refused = await run(place, 'grown.yaml', 'second', '--set', 'run.reuse=first');
    expect(refused.stderr).toMatch(/first is at work still, in process \d+/);
    expect(refused.status).toBe(2);
    const removed = await place.ttg('rm', 'first', '--yes');
    expect(removed.stderr).toMatch(/run first is at work, in process \d+.*Nothing was removed/);
    expect(removed.status).toBe(2);
    first.child.kill('SIGINT');
    expect((await first.ended).status).toBe(130);
  });
});

describe('the folder of a run', () => {
  it('is removed with the objects that hold its values, and with no others', async () => {
    using place = placeWith({ ...files, 'small.yaml': grid(10, STORED), 'grown.yaml': grid(12, STORED) });
    mkdirSync(join(place.path, 'values'));
    const first = await run(place, 'small.yaml', 'first');
    const second = await run(place, 'grown.yaml', 'second', '--set', 'run.reuse=first');
    expect([first.status, second.status]).toEqual([0, 0]);
    // Nobody says where they lie: the folder does.
    const row = (await place.ttg('results', 'second', '--format', 'csv')).stdout.split('\n')[2];
    expect(row).toMatch(/^1,1,1,ok,1,/);
    const before = objectsOf(place);
    const own = before.filter((name) => name.startsWith('first/'));
    expect(own.length).toBeGreaterThan(0);

    const asked = await place.ttg('rm', 'first');
    expect(asked).toMatchObject({ status: 2, stderr: expect.stringContaining('add --yes') as string });
    expect(objectsOf(place)).toEqual(before);
    writeFileSync(join(place.path, 'runs/first/mine.txt'), '');
    const removed = await place.ttg('rm', 'runs/first', '--yes');
    expect(removed).toMatchObject({ status: 0 });
    expect(removed.stdout).toMatch(new RegExp(`first is removed: .*, and ${own.length} objects with its values`));
    expect(removed.stdout).toContain('first stays: it holds what `ttg run` did not make (mine.txt)');
    expect(readdirSync(join(place.path, 'runs/first'))).toEqual(['mine.txt']);
    expect(objectsOf(place)).toEqual(before.filter((name) => !own.includes(name)));
    expect(existsSync(join(place.path, 'values/first'))).toBe(false);
    expect(await place.ttg('verify', '--run-id', 'second', '--values')).toMatchObject({ status: 0 });

    const again = await place.ttg('rm', 'first', '--yes');
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(/run first has no folder .*runs holds second.*environment names no broker/);
  });
});

describe('a place that cannot be written', () => {
  it.each<[option: string, path: string]>([
    ['--dir', '/proc/nope'],
    ['--dir', '/dev/full'],
    ['--joblog', '/dev/full'],
    ['--joblog', '/proc/nope/jobs.tsv'],
    ['--joblog', '.'],
  ])('%s %s is refused by its name before anything is computed', async (option, path) => {
    using place = placeWith(files);
    const refused = await run(place, 'small.yaml', 'first', option, path);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(new RegExp(`^ttg run: ${option} ${path.replaceAll('.', '\\.')}: `, 'm'));
    expect(refused.stderr).not.toMatch(/ {4}at /);
  });

  it('is no reason to replace what is no file', async () => {
    using place = placeWith(files);
    await run(place, 'small.yaml', 'first');
    symlinkSync('/dev/null', join(place.path, 'nowhere'));
    expect(await place.ttg('results', 'first', '--format', 'csv', '--out', 'nowhere')).toMatchObject({ status: 0 });
    expect(readlinkSync(join(place.path, 'nowhere'))).toBe('/dev/null');
  });
});

describe.each(['redis', 'rabbitmq'] as const)('a whole sweep over %s', (backend) => {
  it('has the digest that it has here, and is resumed', async () => {
    const { env } = inject(backend);
    using place = placeWith(files, { ...env, QUEUE_PREFIX: `folders-${backend}` });
    const here = await run(place, 'small.yaml', 'here');
    const there = await run(place, 'small.yaml', 'there', '--backend', backend, '--joblog', 'jobs.tsv');
    expect(there).toMatchObject({ status: 0, digest: here.digest });
    const again = await run(place, 'small.yaml', 'there', '--backend', backend);
    expect(again.stderr).toContain('there is finished: 100 of 100 have results; nothing to compute');
    // From a folder into a broker.
    const taking = await run(place, 'grown.yaml', 'taking', '--backend', backend, '--set', 'run.reuse=here');
    expect(taking.stdout).toMatch(/^reused +100 parameters/m);
    expect(taking.status).toBe(0);
  });

  it('may have a broker of its own, which every verb starts again', async () => {
    using place = placeWith(files);
    const there = await run(place, 'small.yaml', 'there', '--backend', backend);
    expect(there).toMatchObject({ status: 0 });
    const verified = await place.ttg('verify', '--run-id', 'there');
    expect(verified).toMatchObject({ status: 0, digest: there.digest });
    expect(await place.ttg('rm', 'there', '--yes')).toMatchObject({ status: 0 });
    expect(existsSync(join(place.path, 'runs/there'))).toBe(false);
  });
});
