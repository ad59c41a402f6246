#!/usr/bin/env node
/**
 * `npm test`: builds what is out of date, then runs every test that needs no cluster, or the projects that are named.
 * Arguments that begin with a dash go to vitest.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ALL = ['unit', 'chart', 'chart-helm3', 'contract', 'local', 'faults', 's3', 'e2e', 'e2e-faults'];
/** Not part of `npm test`: these need an S3 server or a cluster. */
const ON_REQUEST = ['s3', 'e2e', 'e2e-faults'];
const given = process.argv.slice(2);
const named = given.filter((word) => ALL.includes(word));
const PROJECTS = named.length > 0 ? named : ALL.filter((project) => !ON_REQUEST.includes(project));
const SOURCES = [
  'core',
  'compute',
  'worker',
  'seeder',
  'cli',
  'ops',
  'faults',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
];

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
if (newest(SOURCES) > newest(['dist'])) {
  const built = spawnSync(npm, ['run', 'build'], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}

const counts = join(tmpdir(), `ttg-test-${process.pid}.json`);
const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const args = [
  ...PROJECTS.flatMap((project) => ['--project', project]),
  '--reporter=./test/support/summary/reporter.ts',
];
const tests = spawn(process.execPath, [vitest, 'run', ...args, ...given.filter((word) => !ALL.includes(word))], {
  stdio: 'inherit',
  env: { ...process.env, TTG_TEST_COUNTS: counts },
});
// Whoever ends this process ends the tests, and with them the brokers and clusters that they started.
for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGTERM', 'SIGHUP']))
  process.on(signal, () => tests.kill(signal));
// The terminal tells both of them.
process.on('SIGINT', () => {});
const [status] = await once(tests, 'close');
process.exit(close(status ?? 1));

/**
 * The closing line; a run without a test is a failure, and so is one that ended before it could count.
 * @param {number} status
 */
function close(status) {
  /** @type {{ passed: number, failed: number, skipped: number }} */
  let { passed, failed, skipped } = { passed: 0, failed: 0, skipped: 0 };
  try {
    ({ passed, failed, skipped } = JSON.parse(readFileSync(counts, 'utf8')));
  } catch (error) {
    console.error(`the tests ended before they could count what they did: ${error}`);
  } finally {
    rmSync(counts, { force: true });
  }
  if (skipped > 0) console.log(`${skipped} skipped`);
  const ok = status === 0 && failed === 0 && passed > 0;
  console.log(`${passed} passed, ${ok ? 0 : Math.max(1, failed)} failed`);
  return ok ? 0 : status || 1;
}

/**
 * Time of the newest file, in milliseconds; 0 where there is none.
 * @param {string[]} paths
 * @returns {number}
 */
function newest(paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (!stat) return 0;
      return stat.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs;
    }),
  );
}
