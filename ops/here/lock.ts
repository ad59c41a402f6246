/** A run's folder belongs to one `ttg run` at a time; what a process that was killed has left is taken over. */
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../../core/runtime/errors.js';

/** Which process holds it. The start time tells it from a later one with the same number. */
interface Holder {
  readonly pid: number;
  /** Empty where the system does not tell. */
  readonly started: string;
}

/**
 * Takes the lock, or takes it over from a process that is no more.
 * @returns what gives it back; safe to call twice
 * @throws ConfigError while another process holds it
 */
export function takeLock(file: string, runId: string): () => void {
  const own = `${file}.${process.pid}`;
  const holder: Holder = { pid: process.pid, started: startOf(process.pid) };
  writeFileSync(own, JSON.stringify(holder));
  try {
    while (!link(own, file)) {
      const found = holderIn(file);
      if (found && isAlive(found)) throw busy(file, runId, found.pid);
      removeStale(file, `${own}.stale`, found);
    }
  } finally {
    rmSync(own, { force: true });
  }
  let held = true;
  return () => {
    if (held) rmSync(file, { force: true });
    held = false;
  };
}

function busy(file: string, runId: string, pid: number): ConfigError {
  return new ConfigError(
    `run ${runId} is at work already, in process ${pid} of this machine: wait for it, or end it (kill ${pid}). ` +
      `For a second run of the same file give another --run-id. (The lock is ${file})`,
  );
}

/** A hard link is made by one process only, whoever else tries. @returns whether it was made */
function link(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** Moves it away first: what another one has put in its place meanwhile is put back. */
function removeStale(file: string, aside: string, stale: Holder | undefined): void {
  try {
    renameSync(file, aside);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return;
    throw thrown;
  }
  const moved = holderIn(aside);
  if (moved && (moved.pid !== stale?.pid || moved.started !== stale.started)) link(aside, file);
  unlinkSync(aside);
}

/** undefined where it is gone, or was cut off while it was written. */
function holderIn(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if (codeOf(thrown) === 'ESRCH') return false;
  }
  return startOf(pid) === started;
}

/** In clock ticks since the machine's start, as Linux tells it; empty elsewhere. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
