/** A sweep whose computation is a program → what a worker needs to run it. */
import type { Sweep } from '../../core/model/sweep.js';
import type { Config } from '../../core/runtime/config.js';
import type { Logger } from '../../core/runtime/logger.js';
import { expandCommand } from '../../core/sweep/command.js';
import { LoadError } from '../module.js';
import { Seeds } from '../random.js';
import type { MemoryWatch } from './memory.js';
import type { Program } from './program.js';

export interface ProgramOptions {
  readonly runId: string;
  /** Where the sweep's source lies, if it has one. */
  readonly source: string | undefined;
  readonly config: Config;
  readonly log: Logger;
  readonly memory: MemoryWatch;
}

/** @throws LoadError where it is none */
export function programOf(sweep: Sweep, { runId, source, config, log, memory }: ProgramOptions): Program {
  const { computation, parameters } = sweep;
  if (computation.kind !== 'program') throw new LoadError(`${sweep.id} is no program`, { missing: false });
  const { command, protocol, batch, concurrency, timeoutSeconds = Infinity, memoryBytes } = computation;
  const hasColumns = parameters.columns.length > 0;
  return {
    runId,
    total: parameters.total,
    seeds: new Seeds(runId),
    parameterText: (index) => (hasColumns ? parameters.textAt(index) : String(index)),
    argv: (index) =>
      expandCommand(command, {
        index: index ?? 0,
        columns: index === undefined ? {} : parameters.at(index),
        source,
      }),
    protocol,
    batch,
    concurrency,
    limitMs: Math.min(timeoutSeconds, config.CHUNK_TIMEOUT_SECONDS) * 1000,
    memoryBytes,
    env: config.childEnvironment,
    log,
    memory,
  };
}
