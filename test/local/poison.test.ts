/**
 * Parameters that cannot be computed, in a run that can: they alone are dead, with real brokers, seeder and workers.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { judge } from '../../core/ledger/verdict.js';
import { poison } from '../../faults/poison.js';
import { referenceDigest } from '../../faults/proof.js';
import type { Backend } from '../../ops/local/config.js';
import { fleetEnv, runFleet } from '../support/fleet.js';

const TOTAL = 10_000;
/** At the start, in the middle and at the end of a chunk; two of them in the same one. */
const THREE = [4200, 4250, 9999];

interface Variant {
  readonly name: string;
  readonly body: string;
  readonly bad: readonly number[];
  readonly env?: Record<string, string>;
  readonly attempts: number;
  readonly error: RegExp;
}

const VARIANTS: readonly Variant[] = [
  { name: 'throws', body: "throw new Error('cursed ' + i);", bad: THREE, attempts: 2, error: /^cursed \d+$/ },
  {
    name: 'throws what need not be tried again',
    body: "throw Object.assign(new Error('cursed ' + i), { retryable: false });",
    bad: THREE,
    attempts: 1,
    error: /^cursed \d+$/,
  },
  {
    name: 'never returns',
    body: 'for (;;);',
    bad: [4250],
    env: { CHUNK_TIMEOUT_SECONDS: '1' },
    attempts: 2,
    error: /^took longer than CHUNK_TIMEOUT_SECONDS=1$/,
  },
  {
    name: 'kills its process',
    body: "process.kill(process.pid, 'SIGKILL'); for (;;);",
    bad: THREE,
    attempts: 2,
    error: /^2 attempts were started and did not end/,
  },
];

describe.each<Backend>(['redis', 'rabbitmq', 'embedded'])('over %s', (backend) => {
  const broker = inject(backend);
  let directory: string;
  beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'ttg-poison-'))));
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(VARIANTS)(
    'a parameter that $name is dead alone, and every other one has its result',
    async ({ name, body, bad, env, attempts, error }) => {
      const prefix = `poison-${VARIANTS.findIndex((variant) => variant.name === name)}`;
      const computation = join(directory, `${prefix}.mjs`);
      writeFileSync(computation, poison(bad, body).source);
      await using run = await runFleet({
        workers: 2,
        deadlineMs: 90_000,
        env: fleetEnv(broker, {
          QUEUE_PREFIX: prefix,
          COMPUTATION: computation,
          TOTAL_PARAMETERS: String(TOTAL),
          CHUNK_SIZE: '100',
          MAX_RETRIES: '1',
          RETRY_DELAY_MS: '200',
          STALE_THRESHOLD_MS: '1000',
          STALE_CHECK_INTERVAL_SECONDS: '1',
          ...env,
        }),
      });
      const verdict = judge(run.ledger);
      expect(verdict.faults).toEqual([]);
      expect(verdict.parameters).toEqual({
        expected: TOTAL,
        ok: TOTAL - bad.length,
        dead: bad.length,
        missing: 0,
        duplicated: 0,
      });
      const dead = [...verdict.dead].sort((a, b) => a.start - b.start);
      expect(dead.map(({ start, end }) => [start, end])).toEqual(bad.map((i) => [i, i]));
      for (const record of dead) {
        expect(record).toMatchObject({
          attempts,
          error: expect.stringMatching(error) as string,
          workerId: expect.stringMatching(/^worker-/) as string,
        });
        if (error.source.includes('cursed')) expect(record.stack).toContain(`${prefix}.mjs`);
      }
      expect(verdict.digest).toBe(referenceDigest(TOTAL, bad));
      // A set: RabbitMQ may hold an entry twice, where a worker died between publishing a copy and acknowledging the
      // original.
      const letters = new Set<number | undefined>();
      for await (const { chunk } of run.broker.deadLetters()) letters.add(chunk?.start);
      expect([...letters].sort()).toEqual(bad);
      process.stdout.write(
        `${backend}, ${name}: ${run.seconds.toFixed(1)} s, ${run.started} workers, ${run.killed} killed, ${run.ledger.results} results\n`,
      );
    },
    120_000,
  );
});
