/** `ttg why` on real brokers: what it can tell without a cluster. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Answer } from '../../cli/diagnose/explain.js';
import { type Backend } from '../../ops/local/config.js';
import { startTestBroker } from '../support/provider.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';

it.concurrent.each<Backend>(['redis', 'rabbitmq'])(
  'over %s: nothing seeded, no workers, dead parameters, complete, wrong password, no broker',
  async (backend) => {
    const directory = mkdtempSync(join(tmpdir(), 'ttg-why-'));
    const broker = await startTestBroker(backend);
    try {
      const computation = join(directory, 'cursed.mjs');
      writeFileSync(
        computation,
        "export const decimals = 0;\nexport function compute(i) {\n  if (i === 7) throw Object.assign(new Error('cursed'), { retryable: false });\n  return i;\n}\n",
      );
      const env = fleetEnv(broker, {
        TOTAL_PARAMETERS: '100',
        CHUNK_SIZE: '10',
        COMPUTATION: computation,
        STALE_THRESHOLD_MS: '5000',
      });
      const ask = async (over: Record<string, string> = {}): Promise<Answer & { exit: number }> => {
        const { status, stdout } = await ttg({ ...env, ...over }, 'why', '--json', '--seconds', '2');
        return { exit: status, ...(JSON.parse(stdout) as Answer) };
      };
      expect(await ask()).toMatchObject({ exit: 1, cause: 'nothing-seeded' });

      await using seeded = await runFleet({
        env,
        workers: 0,
        deadlineMs: 30_000,
        finished: (live) => live.seeded.length > 0,
      });
      expect((await seeded.broker.depth()).ready).toBe(10);
      expect(await ask()).toMatchObject({
        exit: 1,
        cause: 'no-workers',
        sentence: 'run-1 does not move: 10 chunks are ready and no worker takes them',
      });

      await using _cursed = await runFleet({ env, workers: 1, deadlineMs: 60_000 });
      const dead = await ask();
      expect(dead).toMatchObject({ exit: 1, cause: 'dead-parameters', parameters: { total: 100, done: 99, dead: 1 } });
      expect(dead.sentence).toContain('1 of 100 (7; the first, after 1 attempt: cursed)');

      const other = { RUN_ID: 'run-2', COMPUTATION: 'builtin' };
      await using _fine = await runFleet({ env: { ...env, ...other }, workers: 1, deadlineMs: 60_000 });
      expect(await ask(other)).toMatchObject({ exit: 0, state: 'complete', cause: null });

      expect(await ask({ REDIS_PASSWORD: 'wrong', RABBITMQ_PASSWORD: 'wrong' })).toMatchObject({
        exit: 1,
        cause: 'wrong-password',
      });
      expect((await ttg(env, 'why', '--seconds', 'soon')).status).toBe(2);
      await broker.kill9();
      const { status, stdout } = await ttg(env, 'why');
      expect(stdout).toMatch(
        /^run-1 does not move: the broker is down: 127\.0\.0\.1:\d+ does not answer \(.*\)\n {2}remedy: see whether it runs/,
      );
      expect(status).toBe(1);
    } finally {
      await broker.stop();
      rmSync(directory, { recursive: true });
    }
  },
);
