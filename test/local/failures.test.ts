/** A run whose parameters nearly all fail, from its halt to its complete end: with real brokers, seeder and workers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { judge } from '../../core/ledger/verdict.js';
import type { Backend } from '../../ops/local/config.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';
import { temporaryDirectory } from '../unit/support.js';

describe.each<Backend>(['redis', 'rabbitmq', 'embedded'])('over %s', (backend) => {
  it('a run of failures halts itself, says so, and is whole once its cause is mended', async () => {
    using directory = temporaryDirectory();
    const computation = join(directory.path, 'own.mjs');
    // The seeder tries the first parameter, and that is fine.
    writeFileSync(computation, "export const compute = (i) => { if (i > 0) throw new Error('typo'); return i; };");
    const env = fleetEnv(inject(backend), {
      QUEUE_PREFIX: `failures-${backend}`,
      COMPUTATION: computation,
      TOTAL_PARAMETERS: '3000',
      CHUNK_SIZE: '10',
      MAX_RETRIES: '0',
      MAX_DEAD: '100',
      STALE_THRESHOLD_MS: '5000',
    });
    await using failed = await runFleet({
      env,
      workers: 2,
      deadlineMs: 60_000,
      finished: (live) => live.halted !== undefined,
    });
    const { dead } = judge(failed.ledger).parameters;
    expect(dead).toBeGreaterThan(100);
    expect(dead, 'two workers may be a batch over the budget, not the whole run').toBeLessThan(1500);
    const incomplete = await ttg(env, 'verify', '--wait', '--deadline', '3600');
    expect(incomplete.status).toBe(1);
    expect(incomplete.stdout).toMatch(new RegExp(`INCOMPLETE {3}halted: ${dead} of at most 100 dead\\n$`));
    expect(incomplete.stdout).toMatch(/dead {9}\d+ after 1 attempt: typo\n/);

    writeFileSync(computation, 'export const compute = (i) => i;');
    const replayed = await ttg(env, 'dlq', 'replay', '--all');
    expect(replayed).toMatchObject({ status: 0, stdout: `${dead} replayed\n` });
    expect(await ttg(env, 'resume', 'run-1')).toMatchObject({ status: 0 });
    await using mended = await runFleet({
      env,
      workers: 2,
      deadlineMs: 90_000,
      finished: (live) => live.isFinished && live.dead().count === 0,
    });
    expect(judge(mended.ledger)).toMatchObject({
      outcome: 'complete',
      halted: undefined,
      parameters: { expected: 3000, ok: 3000, dead: 0, missing: 0, duplicated: 0 },
      conflicts: [],
      sum: String((2999 * 3000) / 2),
    });
    expect(await ttg(env, 'verify')).toMatchObject({ status: 0 });
  });
});
