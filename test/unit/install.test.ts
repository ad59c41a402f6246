/** The worker that an init container brings into an image of the user's: complete, and started by what came along. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../ops/cluster/bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'ttg-install-'));
const image = join(folder, 'image');
const place = join(folder, 'ttg');

/** As in a pod's command, in an environment that says nothing of where libraries are. */
function start(env: Record<string, string>) {
  const lib = join(place, 'lib');
  const args = ['--library-path', lib, join(place, 'node'), join(place, 'start.js')];
  return spawnSync(join(lib, 'ld.so'), args, { encoding: 'utf8', env });
}

const hasGlibc = existsSync('/lib64/ld-linux-x86-64.so.2') || existsSync('/lib/ld-linux-aarch64.so.1');

describe.runIf(hasGlibc)('install', () => {
  beforeAll(async () => {
    await bundle({ out: image });
    const installed = spawnSync(process.execPath, [join(image, 'install.js'), place], { encoding: 'utf8' });
    expect(installed.stdout).toMatch(/installed.*mebibytes/);
    expect(installed.status).toBe(0);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('brings what the loader finds by name, and the loader under a name that is the same everywhere', () => {
    const libraries = readdirSync(join(place, 'lib'));
    expect(libraries).toEqual(expect.arrayContaining(['ld.so', 'libc.so.6', 'libm.so.6', 'libstdc++.so.6']));
  });

  it('starts a worker there that computes', () => {
    const run = { TOTAL_PARAMETERS: '200', TOTAL_WORKERS: '1', SIMULATE_WORK_MS: '0', LOG_FORMAT: 'json' };
    // A library path of the user's image is for the user's programs.
    const { status, stdout } = start({ ...run, LD_LIBRARY_PATH: '/nowhere' });
    expect(stdout.match(/"kind":"result"/g)).toHaveLength(2);
    expect(status).toBe(0);
  });

  it('lets a module fork Node, which the image does not have', () => {
    const [child, computation] = ['child.mjs', 'forks.mjs'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(child, 'process.send(process.pid)');
    writeFileSync(
      computation,
      `import { fork } from 'node:child_process';
      export const compute = () => new Promise((resolve, reject) => {
        const child = fork(${JSON.stringify(child)}, { stdio: 'ignore' });
        child.on('message', () => resolve(7)).on('exit', (status) => reject(new Error('exit status ' + status)));
      });`,
    );
    const run = { COMPUTATION: computation, TOTAL_PARAMETERS: '2', TOTAL_WORKERS: '1', LOG_FORMAT: 'json' };
    const { stdout } = start({ ...run, MAX_RETRIES: '0' });
    expect(stdout).toMatch(/"result_summary":{"sum":14,"count":2,/);
  });

  it('refuses to install nowhere', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(image, 'install.js')], { encoding: 'utf8' });
    expect(stdout).toContain('no folder was named');
    expect(status).toBe(2);
  });
});
