/** The executor of sweeps that are computed by a program. */
import type { Chunk } from '../../core/model/chunk.js';
import { size } from '../../core/model/interval.js';
import type { Sweep } from '../../core/model/sweep.js';
import type { Config } from '../../core/runtime/config.js';
import { asError } from '../../core/runtime/errors.js';
import type { Logger } from '../../core/runtime/logger.js';
import type { ExecuteOptions, Executor } from '../executor.js';
import { LoadError } from '../module.js';
import type { Sweeps } from '../sweeps.js';
import { Groups } from './groups.js';
import { Lines } from './lines.js';
import { MemoryWatch } from './memory.js';
import { Once } from './once.js';
import { programOf } from './program-of.js';
import type { Program } from './program.js';
import { Work } from './work.js';

/** Programs of so many runs stay at hand; their processes wait for further chunks. */
const MOST_AT_HAND = 3;

interface Runner extends AsyncDisposable {
  /** Parameters in flight at a time. */
  readonly concurrency: number;
  run(work: Work, signal: AbortSignal): Promise<void>;
}

export class ProgramExecutor implements Executor {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #sweeps: Sweeps;
  readonly #progress: (parameters: number) => void;
  readonly #groups = new Groups();
  readonly #memory = new MemoryWatch();
  /** By run and computation, the one that was used last at the end. */
  readonly #runners = new Map<string, Runner>();
  #sinceProgress = 0;
  /** See Executor. */
  parallel = 1;

  /** @param progress called each time BATCH_SIZE parameters are done, with their number */
  constructor(config: Config, log: Logger, sweeps: Sweeps, progress: (parameters: number) => void) {
    this.#config = config;
    this.#log = log;
    this.#sweeps = sweeps;
    this.#progress = progress;
  }

  warmUp(): void {
    // Which program it will be the first chunk says.
  }

  async execute(chunks: readonly Chunk[], { settled, signal }: ExecuteOptions): Promise<void> {
    const byProgram = new Map<string, [number, Chunk][]>();
    for (const [position, chunk] of chunks.entries()) {
      const key = `${chunk.runId} ${chunk.computation}`;
      const same = byProgram.get(key);
      if (same) same.push([position, chunk]);
      else byProgram.set(key, [[position, chunk]]);
    }
    for (const [key, own] of byProgram) {
      if (signal.aborted) return;
      using work = new Work(own, {
        settled,
        signal,
        chunkLimitMs: this.#config.CHUNK_TIMEOUT_SECONDS * 1000,
        progress: () => this.#done(),
      });
      const [, { runId, computation }] = own[0] as [number, Chunk];
      const runner = await this.#runner(key, runId, computation).catch((thrown: unknown) => {
        work.failed(work.next() as NonNullable<ReturnType<Work['next']>>, notLoaded(asError(thrown)));
      });
      if (!runner) continue;
      const parameters = own.reduce((sum, [, chunk]) => sum + size(chunk), 0);
      this.parallel = Math.ceil((runner.concurrency * own.length) / parameters);
      await runner.run(work, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner[Symbol.asyncDispose]()));
    await this.#groups[Symbol.asyncDispose]();
    this.#memory[Symbol.dispose]();
  }

  async #runner(key: string, runId: string, computation: string): Promise<Runner> {
    let runner = this.#runners.get(key);
    // At the end of the order.
    this.#runners.delete(key);
    if (!runner) {
      const sweep = await this.#sweeps.find(computation);
      const program = this.#program(runId, sweep);
      runner = program.protocol === 'lines' ? new Lines(program, this.#groups) : new Once(program, this.#groups);
    }
    this.#runners.set(key, runner);
    const [oldest] = this.#runners;
    if (this.#runners.size > MOST_AT_HAND && oldest) {
      this.#runners.delete(oldest[0]);
      await oldest[1][Symbol.asyncDispose]();
    }
    return runner;
  }

  #program(runId: string, sweep: Sweep): Program {
    const source = this.#sweeps.sourceFile(sweep, 'source');
    return programOf(sweep, { runId, source, config: this.#config, log: this.#log, memory: this.#memory });
  }

  #done(): void {
    if (++this.#sinceProgress < this.#config.BATCH_SIZE) return;
    this.#progress(this.#sinceProgress);
    this.#sinceProgress = 0;
  }
}

function notLoaded(error: Error) {
  const blame = error instanceof LoadError && error.missing ? ('worker' as const) : ('computation' as const);
  return { message: error.message, stack: '', blame, retryable: true };
}
