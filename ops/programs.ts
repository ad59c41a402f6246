/** What this repository consists of once it is compiled: its root, its programs, and `ttg` run as one of them. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder with a package.json: this file runs from dist/, and in tests from its source. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}

const compiled = (folder: string): string => join(ROOT, 'dist', folder, 'main.js');
export const PROGRAMS = {
  worker: compiled('worker'),
  seeder: compiled('seeder'),
  ttg: compiled('cli'),
  coordinator: compiled('core/broker/embedded/coordinator'),
} as const;

/** Path of a script, which works from any folder. */
export const scriptPath = (name: string): string => join(ROOT, 'scripts', `${name}.mjs`);

/** The version in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * `ttg` in the foreground: it prints where its caller prints.
 * @returns its exit status
 */
export async function runTtg(env: Env, args: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [PROGRAMS.ttg, ...args], {
    env: { ...process.env, ...env, LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.removeEventListener('abort', stop);
  return code ?? 1;
}

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `ttg` with its output as text. The environment is exactly what is given. */
export function askTtg(env: Env, args: readonly string[], signal?: AbortSignal): Promise<Answer> {
  const options = { env, maxBuffer: 1 << 28, ...(signal ? { signal } : {}) };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAMS.ttg, ...args], options, (error, stdout, stderr) => {
      if (error && signal?.aborted) return reject(new Error('ttg was interrupted', { cause: error }));
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
