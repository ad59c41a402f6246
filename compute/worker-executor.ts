/** The worker's executor: hands each chunk to the thread or to a program, as its computation says. */
import type { Chunk } from '../core/model/chunk.js';
import type { Config } from '../core/runtime/config.js';
import { asError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import type { ExecuteOptions, Executor, Outcome } from './executor.js';
import { LoadError } from './module.js';
import type { ProgramExecutor } from './program/executor.js';
import { isSweep, Sweeps } from './sweeps.js';
import { ThreadExecutor } from './thread-executor.js';

type Place = 'thread' | 'program';

export class WorkerExecutor implements Executor {
  readonly #sweeps: Sweeps;
  readonly #thread: ThreadExecutor;
  readonly #makeProgram: () => Promise<ProgramExecutor>;
  #program: Promise<ProgramExecutor> | undefined;
  #parallel = 1;

  /** @param progress called each time BATCH_SIZE parameters are done, with their number */
  constructor(config: Config, log: Logger, progress: (parameters: number) => void) {
    this.#sweeps = new Sweeps(config.SWEEP_FILE);
    this.#thread = new ThreadExecutor(config, progress, log, folderOf(config, this.#sweeps));
    this.#makeProgram = async () => {
      // Whoever runs no program does not load what runs one.
      const { ProgramExecutor } = await import('./program/executor.js');
      return new ProgramExecutor(config, log, this.#sweeps, progress);
    };
  }

  /** See ThreadExecutor. */
  get isStuck(): boolean {
    return this.#thread.isStuck;
  }

  get parallel(): number {
    return this.#parallel;
  }

  warmUp(): void {
    this.#thread.warmUp();
  }

  async execute(chunks: readonly Chunk[], options: ExecuteOptions): Promise<void> {
    const places = new Map<string, Place>();
    for (const each of new Set(chunks.map(({ computation }) => computation))) {
      try {
        const last = Math.max(...chunks.flatMap(({ computation, end }) => (computation === each ? [end] : [])));
        places.set(each, await this.#placeOf(each, last));
      } catch (thrown) {
        options.settled(notFound(chunks, each, asError(thrown)));
      }
    }
    for (const place of ['thread', 'program'] as const) {
      const positions = chunks.flatMap(({ computation }, i) => (places.get(computation) === place ? [i] : []));
      if (positions.length === 0 || options.signal.aborted) continue;
      const executor: Executor = place === 'thread' ? this.#thread : await (this.#program ??= this.#makeProgram());
      // As a rule all of them, which then need no other numbers.
      if (positions.length === chunks.length) await executor.execute(chunks, options);
      else
        await executor.execute(
          positions.map((position) => chunks[position] as Chunk),
          {
            signal: options.signal,
            settled: (outcomes) =>
              options.settled(outcomes.map((outcome) => ({ ...outcome, index: positions[outcome.index] as number }))),
          },
        );
      this.#parallel = executor.parallel ?? 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const program = await this.#program;
    await Promise.all([this.#thread[Symbol.asyncDispose](), program?.[Symbol.asyncDispose]()]);
    this.#sweeps[Symbol.dispose]();
  }

  /** @param last the last one of its parameters that is asked for */
  async #placeOf(computation: string, last: number): Promise<Place> {
    if (!isSweep(computation)) return 'thread';
    const sweep = await this.#sweeps.find(computation);
    const { total } = sweep.parameters;
    if (last >= total)
      throw new LoadError(`${computation} has ${total} parameters in this worker's file, and ${last} is asked for`, {
        missing: true,
      });
    return sweep.computation.kind === 'program' ? 'program' : 'thread';
  }
}

/** Without a sweep nothing is written; where nothing can be written, whoever has to says so. */
function folderOf({ SWEEP_FILE }: Config, sweeps: Sweeps): string | undefined {
  if (SWEEP_FILE === '') return undefined;
  try {
    return sweeps.folder();
  } catch {
    return undefined;
  }
}

function notFound(chunks: readonly Chunk[], computation: string, error: Error): Outcome[] {
  const blame = error instanceof LoadError && error.missing ? ('worker' as const) : ('computation' as const);
  const failure = { message: error.message, stack: '', blame, retryable: true };
  return chunks.flatMap((chunk, index) => (chunk.computation === computation ? [{ index, failure }] : []));
}
