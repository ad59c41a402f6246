/** The README's first command, without a cluster: real broker, seeder and workers as processes of this machine. */
import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../unit/support.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function demo(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return demoIn(process.env, args);
}

function demoIn(env: NodeJS.ProcessEnv, args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['scripts/demo.mjs', '--local', ...args], {
    cwd: ROOT,
    maxBuffer: 1 << 26,
    env,
  });
}

// Side by side: each has a broker of its own, and mostly waits.
for (const backend of ['redis', 'rabbitmq', 'embedded']) {
  test.concurrent(
    `small preset over ${backend} with a killed worker: every parameter once, the chunk recovered by another`,
    async () => {
      const { stdout } = await demo('--backend', backend, '--fault');
      expect(stdout).toContain('parameters   1000 expected: 1000 results, 0 dead, 0 missing, 0 counted twice');
      expect(stdout).toContain('aggregate    sum 500035.5, min 0.41, max 999.98');
      expect(stdout).toContain('COMPLETE     every parameter counts exactly once');
      expect(stdout).toMatch(/fault +\S+ was killed in the middle of chunk \d+; \S+ completed it at attempt [2-9]/);
    },
  );
}

test.concurrent('a named fault on a run of its own: recovery, verdict and digest in a table', async () => {
  const { stdout } = await demo('--backend', 'redis', '--fault=worker-kill-before-ack', '--seed', '3');
  expect(stdout).toMatch(/hit \S+ at chunk \d+, before-ack \(process \d+ ended by SIGKILL\)/);
  expect(stdout).toMatch(/^worker-kill-before-ack +redis +3 +\d+\.\d s +0 +0 +0 +0 +yes +complete$/m);
});

test.concurrent(
  'where nothing is installed that could start a broker it takes the embedded one, and says so',
  async () => {
    using folder = temporaryDirectory();
    // What every system has, and the demo ends its broker with.
    for (const name of ['sh', 'cat', 'rm', 'sleep']) symlinkSync(`/bin/${name}`, join(folder.path, name));
    const { stdout } = await demoIn({ ...process.env, PATH: folder.path }, ['--backend', 'redis']);
    expect(stdout).toMatch(
      /no way to start redis on this machine \(docker: .*; path: redis-server is not installed; packages: .*\): using the embedded broker instead/,
    );
    expect(stdout).toContain('COMPLETE     every parameter counts exactly once');
  },
);

test('an unknown fault is refused with the names that there are', async () => {
  const refused = await demo('--fault', 'worker-kil').catch((error: { code: number; stderr: string }) => error);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(/no such fault: worker-kil\n.*worker-kill, worker-kill-before-compute/s);
});

test('an unknown flag is refused with the help', async () => {
  const refused = await demo('--bakend', 'redis').catch((error: { code: number; stderr: string }) => error);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('--bakend');
});
