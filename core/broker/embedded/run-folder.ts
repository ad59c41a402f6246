/**
 * The folder of a run that `ttg run` made, as everybody else sees it: what it says of itself, whether the run is at work,
 * and its log. Reading changes nothing in it and asks no coordinator.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readJsonFile } from '../../runtime/json-file.js';
import type { LogEntry } from '../../wire/records.js';
import { holderOf } from './coordinator/lock.js';
import { readLogFile } from './log-file.js';

const SUFFIX = '.journal';

/** What `ttg run` makes in it. The last of them says that it is the folder of a run: whatever ends a removal, it can be repeated. */
const MADE = ['redis', 'rabbitmq', 'log', 'workers.log', 'sweep.json', 'sweep.json.new', 'meta.json.new', 'meta.json'];

/** How the run was last started: `meta.json`. */
export interface Meta {
  readonly runId: string;
  readonly backend: string;
  /** The command line. */
  readonly command: string;
  readonly startedAt: string;
  readonly version: string;
  /** Where its broker listens while it is at work. */
  readonly socket?: string | undefined;
  /** Where its values lie, if outside of the log: the settings of the store, without keys. */
  readonly store?: Readonly<Record<string, string>> | undefined;
}

export interface RunFolder {
  readonly path: string;
  readonly runId: string;
  readonly meta: Partial<Meta>;
  /** Whether its log is in it, and not with another broker. */
  readonly hasLog: boolean;
  /** The process that is at work on it, in words; undefined where there is none. */
  holder(): string | undefined;
  records(): AsyncIterable<LogEntry>;
}

/**
 * @returns undefined where no run has this folder
 * @throws ConfigError where what it says of itself is damaged
 */
export function runFolderAt(path: string): RunFolder | undefined {
  const whole = resolve(path);
  const meta = readJsonFile(join(whole, 'meta.json')) as Partial<Meta> | undefined;
  if (meta === undefined) return undefined;
  const logs = join(whole, 'log');
  return {
    path: whole,
    runId: meta.runId ?? basename(whole),
    meta,
    hasLog: meta.backend === 'embedded',
    holder: () => holderOf(whole) ?? holderOf(logs),
    records: () => recordsIn(logs),
  };
}

/** The names of the folders of runs in this one, sorted. */
export function runFoldersIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => existsSync(join(dir, name, 'meta.json')))
    .sort();
}

/** Removes all that `ttg run` made in it. */
export function emptyRunFolder(path: string): void {
  for (const name of MADE) rmSync(join(path, name), { recursive: true, force: true });
}

/** Once nobody has a lock in it. @returns what somebody else put there: with that it stays */
export function removeIfEmpty(path: string): string[] {
  if (!existsSync(path)) return [];
  const others = readdirSync(path);
  if (others.length === 0) rmdirSync(path);
  return others;
}

/** `a, b, c, d, e, …`, for who misspelled one. */
export function namesOf(folders: readonly string[]): string {
  return folders.length === 0 ? 'none' : folders.slice(0, 5).join(', ') + (folders.length > 5 ? ', …' : '');
}

/** One log, or one for each queue prefix that the run was ever given. */
async function* recordsIn(dir: string): AsyncGenerator<LogEntry> {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir).sort()) if (name.endsWith(SUFFIX)) yield* readLogFile(join(dir, name));
}
