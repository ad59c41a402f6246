/** `ttg dlq` as people use it: what could not be computed is seen, and computed after all once its cause is mended. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { judge } from '../../core/ledger/verdict.js';
import type { Backend } from '../../ops/local/config.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';

it.each<Backend>(['redis', 'rabbitmq', 'embedded'])(
  'over %s dead parameters are listed, shown, replayed and dropped',
  async (backend) => {
    const directory = mkdtempSync(join(tmpdir(), 'ttg-dlq-'));
    try {
      const mended = join(directory, 'mended');
      const computation = join(directory, 'fragile.mjs');
      writeFileSync(
        computation,
        `
      import { existsSync } from 'node:fs';
      export const decimals = 0;
      export function compute(i) {
        if (i % 400 === 7 && !existsSync(${JSON.stringify(mended)})) throw new Error('cursed ' + i);
        return i;
      }`,
      );
      const env = fleetEnv(inject(backend), {
        QUEUE_PREFIX: 'dlq',
        COMPUTATION: computation,
        TOTAL_PARAMETERS: '1000',
        CHUNK_SIZE: '100',
        MAX_RETRIES: '0',
        RETRY_DELAY_MS: '200',
        STALE_THRESHOLD_MS: '1000',
      });
      {
        await using run = await runFleet({ workers: 2, deadlineMs: 30_000, env });
        expect(judge(run.ledger).parameters).toMatchObject({ ok: 997, dead: 3, missing: 0 });
      }
      const list = async (): Promise<{ id: string; payload: { start_param: number } }[]> =>
        (await ttg(env, 'dlq', 'list', '--json')).stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Awaited<ReturnType<typeof list>>[number]);
      const letters = (await list()).toSorted((a, b) => a.payload.start_param - b.payload.start_param);
      expect(letters.map(({ payload }) => payload.start_param)).toEqual([7, 407, 807]);
      const [first, second, third] = letters.map(({ id }) => id) as [string, string, string];
      const shown = await ttg(env, 'dlq', 'show', first);
      expect(JSON.parse(shown.stdout)).toMatchObject([
        {
          id: first,
          error: 'cursed 7',
          attempts: 1,
          stack: expect.stringContaining('fragile.mjs') as string,
          payload: { run_id: 'run-1' },
        },
      ]);
      expect((await ttg(env, 'dlq', 'list')).stdout).toMatch(/run-1 parameter 7 {2}1 attempt .*cursed 7/);

      expect(await ttg(env, 'dlq', 'drop', third)).toMatchObject({ status: 0, stdout: '1 dropped\n' });
      expect(await ttg(env, 'dlq', 'drop', third)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('no such dead letter') as string,
      });
      writeFileSync(mended, '');
      expect(await ttg(env, 'dlq', 'replay', first, second)).toMatchObject({ status: 0, stdout: '2 replayed\n' });
      expect(await list()).toEqual([]);
      await using run = await runFleet({
        workers: 1,
        deadlineMs: 30_000,
        env,
        finished: (live) => live.covered.count === 999,
      });
      expect(judge(run.ledger)).toMatchObject({
        outcome: 'complete with dead parameters',
        parameters: { ok: 999, dead: 1, missing: 0, duplicated: 0 },
        dead: [{ start: 807, end: 807 }],
        sum: String(499_500 - 807),
      });
      expect(await ttg(env, 'dlq')).toMatchObject({ status: 2 });
      expect(await ttg(env, 'dlq', 'replay')).toMatchObject({ status: 2 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
