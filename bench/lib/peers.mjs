/** Installs what TTG is compared with, outside the project: its dependencies are not TTG's. */
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './process.mjs';

export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? tmpdir(), 'ttg-bench');

/** @returns {Promise<{ dir: string, version: string }>} */
export async function installBullmq() {
  const dir = join(CACHE, 'npm');
  const manifest = join(dir, 'node_modules/bullmq/package.json');
  if (!existsSync(manifest)) {
    mkdirSync(dir, { recursive: true });
    await run('npm', ['install', '--prefix', dir, '--no-audit', '--no-fund', '--ignore-scripts', 'bullmq@5'], {
      cwd: dir,
    });
  }
  const { default: found } = await import(manifest, { with: { type: 'json' } });
  return { dir, version: found.version };
}

/** Celery and RQ. @returns {Promise<{ python: string, bin: string }>} */
export async function installPython() {
  const dir = join(CACHE, 'venv');
  const bin = join(dir, 'bin');
  if (!existsSync(join(bin, 'celery')) || !existsSync(join(bin, 'rq'))) {
    await run('python3', ['-m', 'venv', dir]);
    await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', 'celery[redis]', 'rq']);
  }
  return { python: join(bin, 'python'), bin };
}
