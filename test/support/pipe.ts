/** Programs behind a real pipe of the shell, whose reader begins late, hangs, or leaves early. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

export interface Piped {
  /** The program's own exit status, not the reader's. */
  readonly status: number;
  /** What the reader passed on. */
  readonly read: string;
  readonly stderr: string;
}

/** Takes nothing until a program that does not wait for its reader has long ended. */
export const LATE_READER = 'sleep 1; cat';

/** Takes nothing as long as the program runs. */
export const HANGING_READER = 'exec sleep 60';

const LONGEST_MS = 45_000;

/**
 * Node's child processes get sockets, which hold more than a pipe and behave otherwise: hence the shell.
 * @param reader shell code, run with the program's standard output as its input
 */
export async function runPiped(
  args: readonly string[],
  reader: string,
  env: Record<string, string> = {},
): Promise<Piped> {
  const script = `{ "$@" 3>&-; echo $? >&3; } | { ${reader}; } 3>&-`;
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const endAll = (): void => void process.kill(-(child.pid as number), 'SIGKILL');
  // A program that hangs is a failure of its test, and must not stay behind.
  const late = setTimeout(endAll, LONGEST_MS);
  const ended = once(child, 'exit');
  const output = Promise.all([text(child.stdout as Readable), text(child.stderr as Readable)]);
  // The shell keeps its end of this pipe open until the reader has ended; nothing is told of a program that was killed.
  const told = child.stdio[3] as Readable;
  const [status] = (await Promise.race([once(told, 'data'), once(told, 'end')])) as [Buffer?];
  if (reader === HANGING_READER) endAll();
  await ended;
  clearTimeout(late);
  const [read, stderr] = await output;
  return { status: Number(status ?? NaN), read, stderr };
}
