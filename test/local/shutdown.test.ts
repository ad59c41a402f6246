/** A worker that is asked to stop while it computes what takes longer than its grace period, on real brokers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { isRunning, makeProcesses, type Process } from '../../ops/local/fleet.js';
import { Bench, chunks, receive } from '../support/bench.js';
import { fleetEnv } from '../support/fleet.js';
import { eventually } from '../support/wait.js';
import { seeding } from '../support/worker.js';
import { temporaryDirectory } from '../unit/support.js';

/** Says that it begins, and goes on until the test is over. */
const COMPUTATIONS = {
  'waits': "console.log('begun'); await new Promise(() => setInterval(() => {}, 1000));",
  'spins': "writeSync(1, 'begun\\n'); for (;;);",
  'is in a system call':
    "execFileSync('sh', ['-c', 'echo begun; exec sleep 15 > /dev/null'], { stdio: ['ignore', 'inherit', 'ignore'] });",
};

for (const backend of ['redis', 'rabbitmq', 'embedded'] as const) {
  describe.concurrent(`a worker over ${backend} that is asked to stop`, () => {
    const local = inject(backend);

    it.each(Object.entries(COMPUTATIONS))(
      'while its computation %s gives its chunk back at no cost in attempts',
      async (name, body) => {
        using directory = temporaryDirectory();
        const computation = join(directory.path, 'own.mjs');
        const imports = "import { writeSync } from 'node:fs'; import { execFileSync } from 'node:child_process';";
        writeFileSync(computation, `${imports} export const compute = async (i) => { ${body} return i; };`);
        await using bench = new Bench(local);
        const broker = await bench.worker();
        await seeding(broker, (held) => held.publish(chunks(1).map((chunk) => ({ ...chunk, computation }))));
        const processes = makeProcesses({});
        const env = { ...bench.env('w2'), SHUTDOWN_GRACE_SECONDS: '4', LOG_LEVEL: 'INFO' };
        const worker: Process = processes.start('worker', 'w2', fleetEnv(local, env));
        try {
          await eventually(() => worker.log.includes('begun'), 20_000, 'the computation');
          worker.child.kill('SIGTERM');
          await eventually(() => !isRunning(worker), 10_000, 'the end of the worker');
          expect(worker.log).toContain('worker leaves reason="asked to stop"');
          expect(worker.log).not.toContain('ERROR');
          // Node cannot end a process beside a thread in a system call: that one ends itself by a signal.
          if (name !== 'is in a system call') expect(worker.child.exitCode).toBe(0);
          const [back] = await receive(broker, 1);
          expect(back?.attempt).toBe(1);
        } finally {
          await processes.end();
        }
      },
    );
  });
}
