/** One coordinator for a directory: a file names the process that has it, and that of a dead one is taken over. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ConfigError } from '../../../runtime/errors.js';
import { hasProcess } from '../../../runtime/processes.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells this process from another that later gets its number; empty where the system does not say. */
  readonly started: string;
}

/**
 * @returns gives the directory back
 * @throws ConfigError while another process has it
 */
export function lockDirectory(dir: string): () => void {
  const file = join(dir, 'lock');
  const mine = join(dir, `lock.${process.pid}.${randomBytes(4).toString('hex')}`);
  const text = JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid) } satisfies Holder);
  writeFileSync(mine, text, { mode: 0o600 });
  try {
    // A link is there with all that the file says, or not at all.
    while (!link(mine, file)) {
      const seen = read(file);
      if (seen === undefined) continue;
      const holder = parse(seen);
      if (holder && isAlive(holder)) throw inUse(dir, file, holder);
      const stale = `${mine}.stale`;
      if (!move(file, stale)) continue;
      // Somebody else may have taken it over in between: then it is theirs.
      const taken = read(stale);
      if (taken !== seen) link(stale, file);
      rmSync(stale, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (read(file) === text) rmSync(file, { force: true });
  };
}

/** Who has the directory, in words: `process 12`. undefined where nobody has. */
export function holderOf(dir: string): string | undefined {
  const seen = read(join(dir, 'lock'));
  const holder = seen === undefined ? undefined : parse(seen);
  return holder && isAlive(holder) ? nameOf(holder) : undefined;
}

const nameOf = ({ pid, host }: Holder): string =>
  host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;

function inUse(dir: string, file: string, holder: Holder): ConfigError {
  return new ConfigError(
    `${dir} is in use by ${nameOf(holder)}: one coordinator at a time may write its log. Wait until that run ends, or end it` +
      (holder.host === hostname() ? '' : `; if nothing runs there any more, delete ${file}`),
  );
}

/** Of another machine nothing is known. */
function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  return hasProcess(pid) && startOf(pid) === started;
}

/** Linux: boot and moment of the process's start. Elsewhere the number alone has to do. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name in parentheses may hold anything; behind it come the state and, 19 fields later, the start.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'over' : `${boot} ${fields[19]}`;
  } catch {
    return '';
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns whether it was there */
function move(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}
