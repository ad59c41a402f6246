/** Values in S3, on a real server: the contract of a store, what is refused, and whole runs. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../core/runtime/config.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { openStore, probeStore } from '../../core/store/open.js';
import type { ValueStore } from '../../core/store/port.js';
import { makeProcesses } from '../../ops/local/fleet.js';
import { fleetEnv, ttg } from '../support/fleet.js';
import { startS3, type S3Server } from '../support/s3.js';
import { storeContract } from '../support/store-contract.js';
import { COMPUTATION, runStored, storedRun } from '../support/stored-run.js';

const folder = mkdtempSync(join(tmpdir(), 'ttg-s3-runs-'));
const computation = join(folder, 'compute.mjs');
let s3: S3Server;

beforeAll(async () => {
  writeFileSync(computation, COMPUTATION);
  s3 = await startS3();
});

afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const store = (over: Record<string, string> = {}, patienceMs = 5000): ValueStore =>
  openStore('s3', loadConfig({ ...s3.env, ...over }), { patienceMs });

describe('a store in S3', () => {
  storeContract(() => store());

  it('keeps its objects below the prefix', async () => {
    await store().put('run-9/ab/object', Buffer.from('x'));
    expect(readdirSync(join(s3.bucket, 'values/of-tests/run-9/ab'))).toEqual(['object']);
  });

  it.each([
    ['a wrong key', { S3_SECRET_ACCESS_KEY: 'wrong' }, /SignatureDoesNotMatch.*S3_SECRET_ACCESS_KEY/],
    ['an unknown one', { S3_ACCESS_KEY_ID: 'nobody' }, /S3_ACCESS_KEY_ID/],
    ['a bucket that is not there', { S3_BUCKET: 'another' }, /make the bucket another/],
    ['another region', { S3_REGION: 'eu-west-7' }, /S3_REGION, now eu-west-7/],
  ])('refuses %s at once, with the remedy', async (_, over, remedy) => {
    const probe = probeStore(store(over));
    await expect(probe).rejects.toThrow(ConfigError);
    await expect(probe).rejects.toThrow(remedy);
  });

  it("takes Amazon's own variables", async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testtest' };
    await expect(probeStore(store({ ...keys, S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: '' }))).resolves.not.toThrow();
  });

  it('waits for a server that comes back', async () => {
    await s3.kill();
    const put = store({}, 60_000).put('run-9/ab/patient', Buffer.from('x'));
    await s3.start();
    await put;
    expect((await store().get('run-9/ab/patient')).toString()).toBe('x');
  });
});

describe('a run with its values in S3', () => {
  const env = (prefix: string, over: Record<string, string> = {}): Record<string, string> =>
    fleetEnv(inject('redis'), { ...s3.env, ...storedRun(computation), QUEUE_PREFIX: prefix, RUN_ID: prefix, ...over });

  it('has them all, and each record names its own', async () => {
    const names = await runStored(env('whole'));
    expect(names).toHaveLength(50);
    expect(new Set(names).size).toBe(50);
    for (const name of names) expect(name).toMatch(/^whole\/[0-9a-f]{2}\/[0-9a-f]{64}$/);
  });

  it('is removed with its objects, and only with its own', async () => {
    const of = (run: string): string => join(s3.bucket, 'values/of-tests', run);
    const objects = (run: string): string[] =>
      existsSync(of(run))
        ? readdirSync(of(run), { recursive: true })
            .filter((name) => /[0-9a-f]{64}$/.test(String(name)))
            .map(String)
        : [];
    await runStored(env('kept'));
    await runStored(env('gone'));
    const removed = await ttg(env('gone'), 'rm', 'gone', '--yes');
    expect(removed).toMatchObject({ status: 0, stdout: expect.stringMatching(/50 objects/) as string });
    expect([objects('gone'), objects('kept').length]).toEqual([[], 50]);
    // Again, there is nothing that could be removed.
    expect(await ttg(env('gone'), 'rm', 'gone', '--yes')).toMatchObject({ status: 2 });
  });

  it('outlives its server: nothing is lost, no attempt is spent, no parameter dies', async () => {
    let state: 'up' | 'killed' | 'back' = 'up';
    const names = await runStored(env('outage', { SIMULATE_WORK_MS: '5', MAX_RETRIES: '0' }), (done) => {
      if (state !== 'up' || done < 50) return;
      state = 'killed';
      void s3.kill().then(async () => {
        await s3.start();
        state = 'back';
      });
    });
    expect(state).toBe('back');
    expect(names).toHaveLength(50);
  });

  it.each([
    ['the key is wrong', { S3_SECRET_ACCESS_KEY: 'wrong' }],
    ['the bucket is not there', { S3_BUCKET: 'another' }],
  ])('is refused before anything is published where %s, and so is a worker', async (what, over) => {
    const processes = makeProcesses({});
    try {
      const wrong = env(`refused-${what.length}`, over);
      const seeder = processes.start('seeder', 'seeder', wrong);
      const worker = processes.start('worker', 'worker-1', wrong);
      await Promise.all([seeder.exited, worker.exited]);
      expect([seeder.child.exitCode, worker.child.exitCode]).toEqual([2, 2]);
      expect(JSON.parse((await ttg(wrong, 'status', '--json')).stdout)).toMatchObject({ total: 0 });
    } finally {
      await processes.end();
    }
  });
});
