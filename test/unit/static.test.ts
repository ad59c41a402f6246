/** Static mode from end to end: three worker processes, their logs in files, and the command that checks them. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeRecord } from '../../core/wire/record-codec.js';
import type { ResultRecord } from '../../core/wire/records.js';
import { parseRecordLine, recordText } from '../../core/wire/static-log.js';
import type { Verdict } from '../../core/ledger/verdict.js';
import { expectedTotal } from '../../compute/builtin.js';
import { LATE_READER, runPiped } from '../support/pipe.js';
import { dist, runNode, temporaryDirectory, type Ended } from './support.js';

const RUN = { TOTAL_PARAMETERS: '1000', CHUNK_SIZE: '50', TOTAL_WORKERS: '3', SIMULATE_WORK_MS: '0' };

type Answer = Ended & { verdict: Verdict & { missingShards: string[] } };

const made = temporaryDirectory();
const logs = join(made.path, 'logs');
const original = join(made.path, 'original');
const logOf = (index: number): string => join(logs, `worker-${index}.log`);

function work(index: number, env: Record<string, string> = {}): Promise<Ended> {
  return runNode([dist('worker/main.js')], { env: { ...RUN, WORKER_ID: String(index), ...env } });
}

async function verify(env: Record<string, string> = {}): Promise<Answer> {
  const ended = await runNode([dist('cli/main.js'), 'verify', '--json', '--logs', logs], { env: { ...RUN, ...env } });
  return { ...ended, verdict: JSON.parse(ended.stdout) as Answer['verdict'] };
}

beforeAll(async () => {
  mkdirSync(original);
  // One worker logs as JSON, one says everything: the records look the same in every log.
  const ended = await Promise.all([work(0), work(1, { LOG_FORMAT: 'json' }), work(2, { LOG_LEVEL: 'DEBUG' })]);
  ended.forEach(({ status, stdout }, index) => {
    expect(status).toBe(0);
    writeFileSync(join(original, `worker-${index}.log`), stdout);
  });
}, 60_000);
beforeEach(() => {
  rmSync(logs, { recursive: true, force: true });
  cpSync(original, logs, { recursive: true });
});
afterAll(() => made[Symbol.dispose]());

function firstRecord(path: string): ResultRecord {
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const entry = parseRecordLine(line, '');
    if (entry && 'record' in entry && entry.record.kind === 'result') return entry.record;
  }
  throw new Error(`${path} holds no record`);
}

describe('a static run', { timeout: 60_000 }, () => {
  it('is complete by the logs of its workers, with the sum that it must have', async () => {
    const { status, verdict } = await verify();
    const expected = expectedTotal(1000);
    expect(status).toBe(0);
    expect(verdict).toMatchObject({
      outcome: 'complete',
      parameters: { expected: 1000, ok: 1000, dead: 0, missing: 0, duplicated: 0 },
      deduplicated: 0,
      undecodable: 0,
      sum: String(Number(expected.sumHundredths) / 100),
      min: expected.min,
      max: expected.max,
      missingShards: [],
    });
  });

  it('has the digest of the same run on one worker, in other chunks', async () => {
    const { verdict } = await verify();
    const { stdout } = await work(0, { TOTAL_WORKERS: '1', CHUNK_SIZE: '77' });
    rmSync(logs, { recursive: true });
    mkdirSync(logs);
    writeFileSync(logOf(0), stdout);
    const alone = (await verify({ TOTAL_WORKERS: '1', CHUNK_SIZE: '77' })).verdict;
    expect(alone).toMatchObject({ outcome: 'complete', digest: verdict.digest, sum: verdict.sum });
  });

  it('is not complete where a log is gone: the index and its parameters are named', async () => {
    rmSync(logOf(1));
    const { status, verdict } = await verify();
    expect(status).toBe(1);
    expect(verdict).toMatchObject({ outcome: 'incomplete', missing: [{ start: 333, end: 665 }] });
    expect(verdict.missingShards).toEqual([expect.stringMatching(/^index 1 \(333–665\): no record/)]);
    const { stdout } = await runNode([dist('cli/main.js'), 'verify', '--logs', logs], { env: RUN });
    expect(stdout).toMatch(/missing {6}index 1 \(333–665\)[^]*333–665[^]*INCOMPLETE\n$/);
  });

  it('is not complete where a log was cut short in the middle of a record: index and parameters are named', async () => {
    const whole = readFileSync(logOf(2), 'utf8');
    const record = whole.indexOf('TTG_RECORD', whole.length / 2);
    const cut = whole.slice(0, record + 60);
    const { start_param: start } = JSON.parse(whole.slice(whole.indexOf('{', record)).split('\n', 1)[0] as string) as {
      start_param: number;
    };
    writeFileSync(logOf(2), cut);
    const { status, verdict } = await verify();
    expect(status).toBe(1);
    expect(verdict).toMatchObject({ outcome: 'incomplete', undecodable: 1, missing: [{ start, end: 999 }] });
    expect(verdict.missingShards).toEqual([expect.stringMatching(/^index 2 \(666–999\): its log is incomplete/)]);
  });

  it('is not complete where the beginning of a log was rotated away', async () => {
    const lines = readFileSync(logOf(0), 'utf8').split('\n');
    const first = lines.findIndex((line) => line.startsWith('TTG_RECORD'));
    writeFileSync(logOf(0), lines.slice(first + 1).join('\n'));
    expect(await verify()).toMatchObject({
      status: 1,
      verdict: { missing: [{ start: 0, end: 49 }], missingShards: [expect.stringContaining('index 0') as string] },
    });
  });

  it('is complete where an index ran twice, and counts nothing twice', async () => {
    const { stdout } = await work(1);
    writeFileSync(join(logs, 'worker-1-again.log'), stdout);
    const { status, verdict } = await verify();
    expect(status).toBe(0);
    expect(verdict).toMatchObject({ outcome: 'complete', parameters: { ok: 1000, duplicated: 0 }, deduplicated: 8 });
    expect(verdict.sum).toBe(String(Number(expectedTotal(1000).sumHundredths) / 100));
  });

  it('is not complete where a second record contradicts the first', async () => {
    const record = firstRecord(logOf(0));
    appendFileSync(logOf(2), recordText(encodeRecord({ ...record, digest: '0'.repeat(32) })));
    const { status, verdict } = await verify();
    expect(status).toBe(1);
    expect(verdict).toMatchObject({ conflicts: [{ start: 0, end: 49 }], deduplicated: 0 });
  });

  it('is not complete where a record was damaged, which is named', async () => {
    const text = readFileSync(logOf(0), 'utf8');
    writeFileSync(logOf(0), text.replace('"sum":', '"sum": '));
    const { status, verdict } = await verify();
    expect(status).toBe(1);
    expect(verdict).toMatchObject({ undecodable: 1, missing: [{ start: 0, end: 49 }] });
  });

  it('is not complete where a sum was altered', async () => {
    const record = firstRecord(logOf(0));
    const altered = recordText(encodeRecord({ ...record, summary: { ...record.summary, sum: '1' } }));
    const [line = ''] = readFileSync(logOf(0), 'utf8')
      .split('\n')
      .filter((each) => each.startsWith('TTG_RECORD'));
    writeFileSync(logOf(0), readFileSync(logOf(0), 'utf8').replace(line, altered.trim()));
    const { status, verdict } = await verify();
    expect(status).toBe(1);
    expect(verdict.faults).toEqual([expect.stringMatching(/^the sum is /)]);
  });

  it('is not complete by the records of another run', async () => {
    expect(await verify({ RUN_ID: 'run-2' })).toMatchObject({
      status: 1,
      verdict: { parameters: { ok: 0, missing: 1000 } },
    });
  });

  it('shows its results and its progress', async () => {
    const results = await runNode([dist('cli/main.js'), 'results', '--json', '--logs', logs], { env: RUN });
    expect(JSON.parse(results.stdout)).toMatchObject({
      parameters: 1000,
      workers: [{ parameters: 334, workerId: 'worker-2' }, { parameters: 333 }, { parameters: 333 }],
    });
    const status = await runNode([dist('cli/main.js'), 'status', '--logs', logs], { env: RUN });
    expect(status).toMatchObject({ status: 0, stdout: expect.stringContaining('1000/1000') as string });
  });

  it('gives its values as CSV where it kept them', async () => {
    const { stdout } = await work(0, { TOTAL_PARAMETERS: '5', TOTAL_WORKERS: '1', KEEP_VALUES: 'true' });
    rmSync(logs, { recursive: true });
    mkdirSync(logs);
    writeFileSync(logOf(0), stdout);
    const csv = await runNode([dist('cli/main.js'), 'results', '--csv', '--logs', logs], { env: RUN });
    expect(csv).toMatchObject({ status: 0, stdout: 'parameter,value\n0,13\n1,20.1\n2,27.2\n3,34.3\n4,41.4\n' });
  });
});

describe('a certificate of a static run', { timeout: 60_000 }, () => {
  const file = join(made.path, 'run.json');
  const check = (): Promise<Ended> =>
    runNode([dist('cli/main.js'), 'verify', '--check', file, '--logs', logs], { env: RUN });

  it('is of the verdict that is shown with it, and holds', async () => {
    const args = ['verify', '--json', '--certificate', file, '--logs', logs];
    const { status, stdout } = await runNode([dist('cli/main.js'), ...args], { env: RUN });
    const { outcome, digest, sum } = JSON.parse(stdout) as Verdict;
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      certificate: 2,
      outcome,
      aggregate: { digest, sum },
    });
    expect(await check()).toMatchObject({ status: 0, stdout: expect.stringContaining('INTACT') as string });
  });

  it.each([
    [1, /certificate of version 1, .* this program reads version 2\. Check it with the release of TTG that wrote it/],
    [3, /certificate of version 3, and this program reads version 2: check it with the release .* or a later one/],
  ])('of version %i is refused, with what to do', async (version, said) => {
    writeFileSync(
      file,
      JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), certificate: version }),
    );
    expect(await check()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(said) as string });
  });
});

describe('a static worker', { timeout: 60_000 }, () => {
  it('has nothing to do, and ends well, where there are fewer parameters than workers', async () => {
    const { status, stdout } = await work(0, { TOTAL_PARAMETERS: '2' });
    expect(status).toBe(0);
    expect(stdout).not.toContain('TTG_RECORD');
  });

  it('fails where a chunk has no result, after computing all others', async () => {
    const module = join(made.path, 'own.mjs');
    writeFileSync(module, 'export const compute = (i) => { if (i === 60) throw new Error("sixty"); return i; };');
    const { status, stdout } = await work(0, { TOTAL_PARAMETERS: '150', TOTAL_WORKERS: '1', COMPUTATION: module });
    expect(status).toBe(1);
    expect(stdout.match(/^TTG_RECORD/gm)).toHaveLength(2);
    expect(stdout).toMatch(/chunk failed chunk_id=00001 parameter=60 error=sixty/);
  });

  it('loses no record behind output that ends no line, by whatever call it is written', async () => {
    const module = join(made.path, 'noisy.mjs');
    writeFileSync(
      module,
      `import { writeSync } from 'node:fs';
       import { spawnSync } from 'node:child_process';
       export const compute = (i) => {
         process.stdout.write('.');
         writeSync(1, ',');
         console.log('half a line' + i);
         if (i % 100 === 0) spawnSync('printf', ['child'], { stdio: 'inherit' });
         return i;
       };`,
    );
    const env = { TOTAL_PARAMETERS: '600', TOTAL_WORKERS: '1', CHUNK_SIZE: '10', COMPUTATION: module };
    const { status, stdout } = await work(0, env);
    expect(status).toBe(0);
    const entries = stdout.split('\n').flatMap((line) => parseRecordLine(line, '') ?? []);
    expect(entries.filter((entry) => 'undecodable' in entry)).toEqual([]);
    expect(entries).toHaveLength(60);
  });

  it('ends with 2, and one message, where its computation cannot be loaded', async () => {
    const { status, stdout } = await work(0, { COMPUTATION: '/nowhere/own.mjs' });
    expect(status).toBe(2);
    expect(stdout.match(/\/nowhere\/own\.mjs: there is no such file.*Mount the module/g)).toHaveLength(1);
  });

  const KEPT = { ...RUN, TOTAL_WORKERS: '1', TOTAL_PARAMETERS: '40000', CHUNK_SIZE: '1000', KEEP_VALUES: 'true' };

  it('writes every record whole for a reader that is slow', async () => {
    const { status, read } = await runPiped([dist('worker/main.js')], LATE_READER, KEPT);
    const entries = read.split('\n').flatMap((line) => parseRecordLine(line, '') ?? []);
    expect(entries.map((entry) => 'record' in entry && entry.record.kind)).toEqual(Array(40).fill('result'));
    expect(status).toBe(0);
  });

  it('does not call its share done where the reader of its records has left', async () => {
    expect((await runPiped([dist('worker/main.js')], 'head -c 1', KEPT)).status).toBe(1);
  });

  it('ends by SIGTERM although its computation waits in a system call', async () => {
    const module = join(made.path, 'waits.mjs');
    // The program tells its process by the worker's standard output, and then lets go of that.
    writeFileSync(
      module,
      `import { execFileSync } from 'node:child_process';
       const program = 'echo waits $$.; exec sleep 600 > /dev/null';
       export const compute = () => execFileSync('sh', ['-c', program], { stdio: ['ignore', 'inherit', 'ignore'] });`,
    );
    let waiting: string | undefined;
    const { stdout } = await runNode([dist('worker/main.js')], {
      env: { ...RUN, TOTAL_WORKERS: '1', COMPUTATION: module },
      onOutput: (out, kill) => {
        if (waiting) return;
        waiting = /waits (\d+)\./.exec(out)?.[1];
        if (waiting) kill('SIGTERM');
      },
    });
    // It was there until now.
    expect(process.kill(Number(waiting))).toBe(true);
    expect(stdout).toContain('cannot be interrupted');
  });

  it('ends by SIGTERM with what it has computed written down, and not as done', async () => {
    let asked = false;
    const { status, stdout } = await runNode([dist('worker/main.js')], {
      env: { ...RUN, TOTAL_WORKERS: '1', SIMULATE_WORK_MS: '20', CHUNK_SIZE: '2' },
      onOutput: (out, kill) => {
        if (asked || !/TTG_RECORD .*\n/.test(out)) return;
        asked = true;
        kill('SIGTERM');
      },
    });
    expect(status).toBe(1);
    const entries = stdout
      .split('\n')
      .map((line) => parseRecordLine(line, ''))
      .filter((entry) => entry !== undefined);
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.filter((entry) => 'undecodable' in entry)).toEqual([]);
  });
});
