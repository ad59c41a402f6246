/** Several runs of one log: listed, compared, removed, and one that takes values of another. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import type { Broker } from '../../core/broker/port.js';
import { Bench, readRecords, readResults, receive } from '../support/bench.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';
import { seedRun, verdictOf, work } from '../support/seeded.js';
import { makeProcesses } from '../../ops/local/fleet.js';
import { temporaryDirectory } from '../unit/support.js';

const MODULE = 'export const compute = ({ a, n }) => ({ sum: a + n, label: `${a}/${n}`, gap: n === 0 ? NaN : 1 / n });';

/** Writes a sweep file. @returns its path */
function sweepFile(directory: string, name: string, grid: object, source = MODULE): string {
  const path = join(directory, `${name}.json`);
  writeFileSync(path, JSON.stringify({ parameters: { grid }, source }));
  return path;
}

const small = { a: [1, 2], n: { from: 0, to: 9, step: 1 } };
const grown = { a: [1, 2, 3], n: { from: 0, to: 11, step: 1 } };

const seededChunks = async (broker: Broker, runId: string): Promise<number> =>
  (await readRecords(broker)).reduce(
    (sum, each) => (each.kind === 'seeded' && each.runId === runId ? sum + each.chunks : sum),
    0,
  );

for (const backend of ['redis', 'rabbitmq'] as const) {
  describe(`runs over ${backend}`, () => {
    const local = inject(backend);

    it('take what is equal from an earlier one, are listed, compared, and removed as far as the broker can', async () => {
      await using bench = new Bench(local);
      using directory = temporaryDirectory();
      const env = { ...fleetEnv(local, bench.env('')), CHUNK_SIZE: '6', POD_NAME: '' };
      const compute = async (runId: string, file: string, more: Record<string, string> = {}) => {
        await using fleet = await runFleet({
          env: { ...env, RUN_ID: runId, SWEEP_FILE: file, ...more },
          workers: 1,
          deadlineMs: 60_000,
        });
        return fleet.ledger;
      };
      const files = {
        small: sweepFile(directory.path, 'sweep-small', small),
        grown: sweepFile(directory.path, 'sweep-grown', grown),
      };
      const first = await compute('run-1', files.small);
      expect(first.covered.count).toBe(20);
      const taking = await compute('run-2', files.grown, { RUN_REUSE: 'run-1' });
      const fresh = await compute('run-3', files.grown);
      expect(taking.isFinished && fresh.isFinished).toBe(true);
      expect(taking.digest).toBe(fresh.digest);
      expect(taking.totals.numbers.figures()).toEqual(fresh.totals.numbers.figures());
      expect(taking.tally.reused).toBe(20);

      const broker = await bench.worker('operator');
      expect(await verdictOf(broker, 'run-2')).toMatchObject({ outcome: 'complete', reused: 20, deduplicated: 0 });
      const computed = (await readResults(broker)).filter(
        ({ runId, workerId }) => runId === 'run-2' && !workerId.startsWith('reused:'),
      );
      expect(computed.reduce((sum, { start, end }) => sum + end - start + 1, 0)).toBe(16);
      // n grew from 10 to 12 in two of three rows of 12, and the third row is new: [10–11], [22–23], [24–29], [30–35].
      expect(await seededChunks(broker, 'run-2')).toBe(4);
      const verified = await ttg({ ...env, RUN_ID: 'run-2' }, 'verify');
      expect(verified).toMatchObject({ status: 0, stdout: expect.stringContaining('reused       20 ') as string });

      const same = await ttg(env, 'diff', 'run-2', 'run-3', '--json');
      expect(same.status).toBe(0);
      expect(JSON.parse(same.stdout)).toMatchObject({ plan: [], matchedBy: 'index', equal: 36, different: 0 });
      const out = join(directory.path, 'differences.jsonl');
      const grew = await ttg(env, 'diff', 'run-1', 'run-3', '--out', out);
      expect(grew.status).toBe(1);
      expect(grew.stdout).toMatch(
        /^--- run-1\n\+\+\+ run-3\nplan +totalParameters 20 → 36\n[^]*matched by +columns\nequal +20\ndifferent +0\nonly there +0 .* 16 only in run-3\n@ 10 a=1 n=10\n- no such parameter\n\+ \{/,
      );
      const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
      expect(lines).toHaveLength(16);
      expect(JSON.parse(lines[0] as string)).toEqual({
        kind: 'onlySecond',
        parameter: { a: 1, n: 10 },
        first: null,
        second: { index: 10, status: 'ok', value: { sum: 11, label: '1/10', gap: 0.1 } },
      });
      expect(await ttg(env, 'diff', 'run-1', 'run-9')).toMatchObject({ status: 2 });

      const listed = JSON.parse((await ttg(env, 'runs', '--json')).stdout) as Record<string, unknown>[];
      expect(listed).toMatchObject([
        { runId: 'run-1', state: 'complete', parameters: 20, done: 20, dead: 0 },
        { runId: 'run-2', state: 'complete', parameters: 36, done: 36 },
        { runId: 'run-3', state: 'complete', parameters: 36, done: 36 },
      ]);
      expect(listed[0]?.['computes']).toMatch(/^module, grid of a \(2\) × n \(10\)$/);

      expect(await ttg(env, 'rm', 'run-1')).toMatchObject({ status: 2 });
      const removed = await ttg(env, 'rm', 'run-1', '--yes');
      const left = (await ttg(env, 'runs')).stdout;
      if (broker.traits.deletesRecords) {
        expect(removed).toMatchObject({ status: 0, stdout: expect.stringContaining('run-1 is removed') as string });
        expect(left).not.toContain('run-1');
        expect((await readRecords(broker)).some(({ runId }) => runId === 'run-1')).toBe(false);
        const again = await compute('run-1', files.small);
        expect([again.digest, again.results]).toEqual([first.digest, first.results]);
      } else {
        expect(removed.status).toBe(1);
        expect(removed.stdout).toMatch(/records stay: .*retention.*QUEUE_PREFIX/);
        expect(left).toContain('run-1');
      }
      expect(left).toMatch(/^run-2 +complete +36 +100.0 % +0 +\d+ \w +module, grid of/m);
    });

    it('that are under way are listed as such, and are not removed before they are cancelled', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker('operator');
      const env = fleetEnv(local, bench.env('operator'));
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '50' });
      await work(broker, 2);
      const states = async () =>
        (JSON.parse((await ttg(env, 'runs', '--json')).stdout) as { state: string }[]).map(({ state }) => state);
      expect(await states()).toEqual(['running']);
      const refused = await ttg(env, 'rm', 'run-1', '--yes');
      expect(refused.status).toBe(2);
      expect(refused.stderr).toMatch(/run-1 is under way.*ttg cancel run-1/);
      const held = await receive(broker, 1);
      await ttg(env, 'cancel', 'run-1');
      expect(await states()).toEqual(['halted: cancelled']);
      const removed = await ttg(env, 'rm', 'run-1', '--yes');
      expect(removed.status).toBe(broker.traits.deletesRecords ? 0 : 1);
      if (broker.traits.deletesRecords) {
        await expect(held[0]!.discard()).rejects.toThrow();
        expect(await states()).toEqual([]);
        expect(await broker.depth()).toMatchObject({ ready: 0, leased: 0, parked: 0, dead: 0 });
        expect(await seedRun(bench, broker, { TOTAL_PARAMETERS: '50' })).toBe(5);
      }
      expect(await ttg(env, 'rm', 'run-7', '--yes')).toMatchObject({ status: 2 });
    });
  });
}

describe('a run that is to take values from another', () => {
  const broken: [what: string, env: (files: Record<string, string>) => Record<string, string>, reason: RegExp][] = [
    ['that is not there', () => ({ RUN_REUSE: 'run-9' }), /RUN_REUSE=run-9 .*holds no such run \(it knows run-1\)/],
    ['that is itself', () => ({ RUN_REUSE: 'run-2' }), /is the run itself/],
    [
      'that computed something else',
      ({ other = '' }) => ({ RUN_REUSE: 'run-1', SWEEP_FILE: other }),
      /computed something else \(source from line 1 on/,
    ],
    [
      'that kept no values',
      () => ({ RUN_REUSE: 'run-1', NO_VALUES: '1' }),
      /kept no values, which could be taken: .*RESULTS_STORE=log/,
    ],
  ];
  it.each(broken)('is refused %s, and nothing is published', async (_, envOf, reason) => {
    const local = inject('redis');
    await using bench = new Bench(local);
    using directory = temporaryDirectory();
    const files = {
      small: sweepFile(directory.path, 'sweep-small', small),
      other: sweepFile(directory.path, 'sweep-other', small, 'export const compute = ({ a }) => a;'),
    };
    const { NO_VALUES, ...env } = envOf(files);
    const broker = await bench.worker();
    // The program itself: the trial of a computation is a process of its own.
    const start = async (more: Record<string, string>) => {
      const process = makeProcesses({}).start('seeder', 'seeder', {
        ...fleetEnv(local, bench.env('seeder')),
        SWEEP_FILE: files.small,
        ...more,
      });
      await process.exited;
      return { status: process.child.exitCode, said: process.log };
    };
    expect(await start({ RESULTS_STORE: NO_VALUES ? 'none' : 'log' })).toMatchObject({ status: 0 });
    const before = await readRecords(broker);
    const refused = await start({ RUN_ID: 'run-2', ...env });
    expect(refused.status).toBe(2);
    expect(refused.said).toMatch(reason);
    expect(await readRecords(broker)).toEqual(before);
  });
});
