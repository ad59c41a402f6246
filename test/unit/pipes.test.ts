/** Every answer of `ttg` is whole behind a slow reader, and ends quietly behind one that leaves. */
import { mkdirSync, openSync, writeFileSync, closeSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../core/ledger/report.js';
import type { Verdict } from '../../core/ledger/verdict.js';
import { encodeRecord } from '../../core/wire/record-codec.js';
import { recordText } from '../../core/wire/static-log.js';
import { LATE_READER, runPiped, type Piped } from '../support/pipe.js';
import { dist, resultRecord, temporaryDirectory } from './support.js';

/** The answers are far larger than what a pipe holds, which is 64 KiB. */
const RECORDS = 4000;
const made = temporaryDirectory();
const logs = join(made.path, 'logs');
/** Every other parameter has a record, each of a worker of its own. */
const env = { TOTAL_PARAMETERS: String(2 * RECORDS), CHUNK_SIZE: '1', TOTAL_WORKERS: '1' };

beforeAll(() => {
  mkdirSync(logs);
  const records = Array.from({ length: RECORDS }, (_, i) =>
    recordText(encodeRecord(resultRecord(2 * i, 2 * i, { workerId: `a-worker-with-a-rather-long-name-${i}` }))),
  );
  writeFileSync(join(logs, 'pod'), records.join(''));
});
afterAll(() => made[Symbol.dispose]());

const ttg = (reader: string, ...args: string[]): Promise<Piped> =>
  runPiped([dist('cli/main.js'), ...args, '--logs', logs], reader, env);

describe('behind a slow reader', { timeout: 60_000 }, () => {
  it('results --json are whole', async () => {
    const { status, read } = await ttg(LATE_READER, 'results', '--json');
    expect((JSON.parse(read) as Report).workers).toHaveLength(RECORDS);
    expect(status).toBe(0);
  });

  it('results --csv are whole where one record holds more values than the pipe', async () => {
    const kept = join(made.path, 'kept');
    mkdirSync(kept);
    const values = Array.from({ length: 20_000 }, (_, i) => i / 8);
    const record = resultRecord(0, values.length - 1, { compute: (i) => i / 8, values });
    writeFileSync(join(kept, 'pod'), recordText(encodeRecord(record)));
    const { status, read } = await runPiped(
      [dist('cli/main.js'), 'results', '--csv', '--logs', kept],
      LATE_READER,
      env,
    );
    expect(read).toBe(`parameter,value\n${values.map((value, i) => `${i},${value}\n`).join('')}`);
    expect(status).toBe(0);
  });

  it('results --csv are whole', async () => {
    const { status, read } = await ttg(LATE_READER, 'results', '--csv');
    const rows = read.split('\n');
    expect(rows).toHaveLength(RECORDS + 2);
    expect(rows[0]).toBe('start_param,end_param,sum,min,max');
    expect(rows.at(-2)).toMatch(new RegExp(`^${2 * RECORDS - 2},${2 * RECORDS - 2},`));
    expect(status).toBe(0);
  });

  it('verify --json is whole, and so is what --check says of a certificate', async () => {
    const file = join(made.path, 'run.json');
    const { status, read } = await ttg(LATE_READER, 'verify', '--json', '--certificate', file);
    expect((JSON.parse(read) as Verdict).missing).toHaveLength(RECORDS);
    expect(status).toBe(1);

    const lost = join(made.path, 'lost');
    mkdirSync(lost);
    const check = await runPiped(
      [dist('cli/main.js'), 'verify', '--check', file, '--json', '--logs', lost],
      LATE_READER,
      env,
    );
    expect((JSON.parse(check.read) as { differences: unknown[] }).differences.length).toBeGreaterThan(RECORDS);
    expect(check.status).toBe(1);
  });

  it('status is whole, time after time', async () => {
    const { status, read } = await ttg(`${LATE_READER} | head -n 3`, 'status', '--json', '--watch', '0.05');
    expect(
      read
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { done: number }).done),
    ).toEqual([RECORDS, RECORDS, RECORDS]);
    expect(status).toBe(0);
  });
});

describe('behind a reader that leaves', { timeout: 60_000 }, () => {
  it.each<[what: string, args: string[], status: number]>([
    ['results end with 0', ['results', '--csv'], 0],
    ['a status that is shown again and again ends with 0', ['status', '--watch', '0.05'], 0],
    ['a verdict keeps its exit status', ['verify', '--json'], 1],
  ])('%s, without a word', async (_, args, expected) => {
    const { status, stderr } = await ttg('head -c 1', ...args);
    expect({ status, stderr }).toEqual({ status: expected, stderr: '' });
  });

  it('help ends with 0', async () => {
    expect(await runPiped([dist('cli/main.js'), '--help'], 'true')).toMatchObject({ status: 0, stderr: '' });
  });
});

it('says so where the disk is full', { timeout: 60_000 }, async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [dist('cli/main.js'), 'results', '--json', '--logs', logs], {
    env,
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  const ended = once(child, 'exit') as Promise<[number]>;
  const stderr = await text(child.stderr as NonNullable<typeof child.stderr>);
  const [status] = await ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(/standard output does not take what is written to it: .*ENOSPC/);
});
