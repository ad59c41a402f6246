/** Runs that a program computes, as seeder and worker processes on real brokers: what stops them, and what does not. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { readSweep } from '../../core/sweep/read.js';
import { isRunning, makeProcesses } from '../../ops/local/fleet.js';
import { Bench, readRecords } from '../support/bench.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';
import { verdictOf } from '../support/seeded.js';
import { eventually } from '../support/wait.js';
import { temporaryDirectory } from '../unit/support.js';

const TOTAL = 40;

/** The settings of a run whose parameters this command computes. */
async function sweepEnv(folder: string, computation: object): Promise<Record<string, string>> {
  const SWEEP_FILE = join(folder, 'sweep-test.json');
  writeFileSync(SWEEP_FILE, JSON.stringify({ parameters: { range: TOTAL }, computation }));
  const { id } = await readSweep(SWEEP_FILE);
  // What the plan of a sweep says by itself, for a seeder that reads only the environment.
  const plan = { TOTAL_PARAMETERS: String(TOTAL), CHUNK_SIZE: '10', COMPUTATION: id, KEEP_VALUES: 'true' };
  return { SWEEP_FILE, ...plan, LOG_LEVEL: 'INFO' };
}

for (const backend of ['redis', 'rabbitmq'] as const) {
  describe.concurrent(`a run of a program over ${backend}`, () => {
    const local = inject(backend);

    it('is not published where the program cannot start, and the reason is said', async () => {
      await using bench = new Bench(local);
      using directory = temporaryDirectory();
      const sweep = await sweepEnv(directory.path, { command: ['no-such-program-of-anybody', '{index}'] });
      const seeder = makeProcesses({}).start('seeder', 'seeder', { ...fleetEnv(local, bench.env('seeder')), ...sweep });
      await seeder.exited;
      expect(seeder.child.exitCode).toBe(2);
      expect(seeder.log).toMatch(
        /program no-such-program-of-anybody cannot start: it is not in PATH.*Nothing was published/,
      );
      expect(await readRecords(await bench.worker())).toEqual([]);
    });

    it.each(['process', 'lines'])(
      'that the workers cannot start (%s) is halted at the first chunks with nothing dead, and completes once it is mended',
      async (protocol) => {
        await using bench = new Bench(local);
        using directory = temporaryDirectory();
        const program = join(directory.path, 'program');
        const sweep = await sweepEnv(directory.path, { command: [program], protocol });
        const env = { ...fleetEnv(local, bench.env('w')), ...sweep };
        const processes = makeProcesses({});
        const seeder = processes.start('seeder', 'seeder', { ...env, WORKER_IMAGE: 'own/model:1' });
        await seeder.exited;
        expect(seeder.log).toContain('it is not tried before chunks of it are published');
        const broker = await bench.worker('observer');
        try {
          processes.start('worker', 'w1', { ...env, POD_NAME: 'w1' });
          await eventually(async () => (await verdictOf(broker)).halted !== undefined, 30_000, 'the halt');
          const { halted, parameters, outcome } = await verdictOf(broker);
          expect(halted).toMatchObject({
            reason: 'failures',
            error: expect.stringMatching(/program \S+ cannot start: there is no such file/) as string,
          });
          expect({ parameters, outcome }).toMatchObject({
            parameters: { dead: 0, missing: TOTAL },
            outcome: 'incomplete',
          });
          expect(await ttg(env, 'status')).toMatchObject({
            stdout: expect.stringContaining('cannot start') as string,
          });
          const answer =
            protocol === 'process'
              ? 'console.log(process.env.TTG_INDEX * 2)'
              : `require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
                   const { index } = JSON.parse(line); console.log(JSON.stringify({ index, value: index * 2 })) })`;
          writeFileSync(program, `#!${process.execPath}\n${answer}\n`);
          chmodSync(program, 0o755);
          expect(await ttg(env, 'resume', 'run-1')).toMatchObject({ status: 0 });
          await using fleet = await runFleet({ env, workers: 1, deadlineMs: 60_000 });
          expect(fleet.ledger.dead().count).toBe(0);
          expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', sum: String(TOTAL * (TOTAL - 1)) });
        } finally {
          await processes.end();
        }
      },
    );

    it('stops what is in flight when its worker is asked to leave: nothing is recorded, and no attempt is lost', async () => {
      await using bench = new Bench(local);
      using directory = temporaryDirectory();
      const at = (name: string): string => join(directory.path, name);
      // Until the file `go` is there it is slow, ignores SIGTERM, and has a child that does so, too.
      const script = `[ -e ${at('go')} ] && { echo 1; exit; }
        trap '' TERM; (trap '' TERM; sleep 60) & echo $! > ${at('child')}; sleep 60`;
      const command = ['/bin/sh', '-c', script.replaceAll('{', '{{').replaceAll('}', '}}')];
      const sweep = await sweepEnv(directory.path, { command, concurrency: 2 });
      const env = { ...fleetEnv(local, bench.env('w')), ...sweep, SHUTDOWN_GRACE_SECONDS: '6' };
      const processes = makeProcesses({});
      try {
        await processes.start('seeder', 'seeder', { ...env, WORKER_IMAGE: 'own/model:1' }).exited;
        const worker = processes.start('worker', 'w1', { ...env, POD_NAME: 'w1' });
        await eventually(() => existsSync(at('child')), 30_000, 'the program');
        worker.child.kill('SIGTERM');
        await eventually(() => !isRunning(worker), 15_000, 'the end of the worker');
        expect(worker.child.exitCode, worker.log).toBe(0);
        const child = Number(readFileSync(at('child'), 'utf8'));
        await eventually(() => !existsSync(`/proc/${child}/exe`), 5000, 'the end of its child');
        const kinds = (await readRecords(await bench.worker('observer'))).map(({ kind }) => kind);
        expect(kinds).toEqual(['plan', 'seeded']);
      } finally {
        await processes.end();
      }
      writeFileSync(at('go'), '');
      await using fleet = await runFleet({ env, workers: 1, deadlineMs: 60_000 });
      expect(fleet.ledger.dead().count).toBe(0);
      expect(fleet.ledger.tally.recoveredCount).toBe(0);
    });
  });
}
