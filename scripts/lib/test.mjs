#!/usr/bin/env node
/**
 * `npm test`: builds what is out of date, then runs every test that needs no cluster, or the projects that are named.
 * Arguments that begin with a dash go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ALL = ['unit', 'chart', 'contract', 'local', 'faults', 'e2e', 'e2e-faults'];
/** Not part of `npm test`: these need a cluster. */
const ON_REQUEST = ['e2e', 'e2e-faults'];
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

const report = join(tmpdir(), `ttg-test-${process.pid}.json`);
const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const args = [
  ...PROJECTS.flatMap((project) => ['--project', project]),
  '--reporter=./scripts/lib/summary-reporter.mjs',
  '--reporter=json',
  `--outputFile.json=${report}`,
];
const tests = spawnSync(process.execPath, [vitest, 'run', ...args, ...given.filter((word) => !ALL.includes(word))], {
  stdio: 'inherit',
});
process.exit(summarise(tests.status ?? 1));

/**
 * The closing line; a run without a test is a failure.
 * @param {number} status
 */
function summarise(status) {
  try {
    /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number }} */
    const {
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: skipped,
    } = JSON.parse(readFileSync(report, 'utf8'));
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    return passed + failed === 0 ? 1 : status;
  } catch (error) {
    console.error(`no report of the tests: ${error}`);
    return status || 1;
  } finally {
    rmSync(report, { force: true });
  }
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
