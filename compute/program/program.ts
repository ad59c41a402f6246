/** A program as a worker runs it: how it is started, with what, and within which limits. */
import type { Logger } from '../../core/runtime/logger.js';
import type { Seeds } from '../random.js';
import { bytesText } from './bytes.js';
import type { Ended, Group } from './group.js';
import type { MemoryWatch } from './memory.js';
import { oomKills } from './memory.js';
import { whyNotSpawned, whyNotStarted } from './unstartable.js';
import type { Fault } from './work.js';

export interface Program {
  readonly runId: string;
  readonly total: number;
  readonly seeds: Seeds;
  /** As JSON: the columns, or the index itself where a parameter has none. */
  readonly parameterText: (index: number) => string;
  /** The command for a parameter; for a program that takes many, without one. */
  readonly argv: (index: number | undefined) => readonly string[];
  readonly protocol: 'process' | 'lines';
  /** Parameters that a line may carry at most; undefined: one each, in the plain form. */
  readonly batch: number | undefined;
  readonly concurrency: number;
  /** For one parameter. */
  readonly limitMs: number;
  readonly memoryBytes: number | undefined;
  /** The worker's own environment without what is TTG's. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: Logger;
  readonly memory: MemoryWatch;
}

/** What a process of the program is watched for. The reasons become its fault. */
export function watchMemory({ memory, memoryBytes }: Program, group: Group): void {
  const { pid } = group;
  if (memoryBytes === undefined || pid === undefined) return;
  memory.watch(pid, memoryBytes, (peak) =>
    group.kill(`memory limit ${bytesText(memoryBytes)} exceeded (peak ${bytesText(peak)})`),
  );
  void group.ended.then(() => memory.leave(pid));
}

/** How a process of the program that ended in another way than it should is told. Knows whether any ever worked. */
export class Faults {
  readonly #program: Program;
  #oomKills = oomKills();
  /** A process of it has done its work: that the program can start is beyond doubt. */
  works = false;
  /** It has answered a line of several parameters with as many values. */
  takesBatches = false;
  /** Milliseconds from a start to the first answer, at most so far; undefined before there was one. */
  slowestStart: number | undefined;

  constructor(program: Program) {
    this.#program = program;
  }

  /** A process has given its first answer so many milliseconds after it was asked. */
  starts(ms: number): void {
    this.slowestStart = Math.max(this.slowestStart ?? 0, ms);
  }

  /** @param program its name, as the command has it */
  of(name: string, ended: Ended, group: Group): Fault {
    const path = this.#program.env['PATH'] ?? '';
    const stack = group.stderr;
    const fault = (message: string, blame: Fault['blame'] = 'parameter'): Fault => ({
      message,
      stack: '',
      ...(stack === '' ? {} : { output: stack }),
      blame,
      // To start it a second time here cannot end otherwise.
      retryable: blame === 'parameter',
    });
    if (group.stopped !== undefined) return fault(group.stopped);
    if ('error' in ended) {
      const why = whyNotSpawned(name, path, ended.error);
      if (why !== undefined) return fault(`program ${name} cannot start: ${why}`, 'computation');
      if (ended.error.code === 'E2BIG')
        return fault(
          `the command and the environment are too long for this machine (E2BIG): give long texts by a file`,
        );
      return fault(`program ${name} could not be started: ${ended.error.message}`);
    }
    const why = this.works ? undefined : whyNotStarted(name, path, ended, stack);
    if (why !== undefined) return fault(`program ${name} cannot start: ${why}`, 'computation');
    if (ended.signal === undefined) return fault(`${name} ended with status ${ended.status}${lastLine(stack)}`);
    if (ended.signal === 'SIGKILL' && this.#wasForMemory())
      return fault(`${name} was killed by the kernel, out of memory: raise the memory limit of the worker`);
    return fault(`${name} died of ${ended.signal}${lastLine(stack)}`);
  }

  #wasForMemory(): boolean {
    const before = this.#oomKills;
    this.#oomKills = oomKills();
    return before !== undefined && this.#oomKills !== undefined && this.#oomKills > before;
  }
}

/** Mostly what names the error. */
function lastLine(stderr: string): string {
  const line = stderr.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line.length > 500 ? `${line.slice(0, 500)}…` : line}`;
}
