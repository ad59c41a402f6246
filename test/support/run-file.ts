/** `ttg run` as a user types it: a folder with files, a real process, and what came of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAMS } from '../../ops/programs.js';
import { temporaryDirectory } from '../unit/support.js';

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the verdict; empty where there is none. */
  readonly digest: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** What it printed on standard error so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Answer>;
}

export interface Place extends Disposable {
  readonly path: string;
  write(name: string, text: string): void;
  read(name: string): string;
  /** `ttg run ARGS` in the folder. */
  start(...args: string[]): Started;
  run(...args: string[]): Promise<Answer>;
  /** Another verb, there. */
  ttg(...args: string[]): Promise<Answer>;
}

/** @param env beside PATH */
export function placeWith(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): Place {
  const directory = temporaryDirectory();
  const children = new Set<ChildProcess>();
  const write = (name: string, text: string): void => writeFileSync(join(directory.path, name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  const startVerb = (...args: string[]): Started => {
    const child = spawn(process.execPath, [PROGRAMS.ttg, ...args], {
      cwd: directory.path,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
    const ended = once(child, 'close').then(([status]) => ({
      ...said,
      status: status as number | null,
      digest: /^digest +(\S+)$/m.exec(said.stdout)?.[1] ?? '',
    }));
    return { child, stderr: () => said.stderr, ended };
  };
  const start = (...args: string[]): Started => startVerb('run', ...args);
  return {
    path: directory.path,
    write,
    read: (name) => readFileSync(join(directory.path, name), 'utf8'),
    start,
    run: (...args) => start(...args).ended,
    ttg: (...args) => startVerb(...args).ended,
    [Symbol.dispose]: () => {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
      directory[Symbol.dispose]();
    },
  };
}
