/** The executor that computes on a thread, and survives whatever a chunk does to that thread. */
import { Worker } from 'node:worker_threads';
import type { Config } from '../core/runtime/config.js';
import type { Chunk } from '../core/model/chunk.js';
import { packTasks, unpackOutcomes } from './pack.js';
import type { ExecuteOptions, Executor } from './executor.js';
import type { FromThread, Task, ThreadOptions } from './protocol.js';

export class ThreadExecutor implements Executor {
  readonly #options: ThreadOptions;
  readonly #timeLimitMs: number;
  readonly #progress: (parameters: number) => void;
  readonly #current: Int32Array;
  #thread: Worker | undefined;

  /** @param progress called each time BATCH_SIZE parameters are done, with their number */
  constructor(config: Config, progress: (parameters: number) => void) {
    const current = new SharedArrayBuffer(8);
    this.#options = {
      simulateWorkMs: config.SIMULATE_WORK_MS,
      simulateFaultRate: config.SIMULATE_FAULT_RATE,
      progressEvery: config.BATCH_SIZE,
      current,
    };
    this.#timeLimitMs = config.CHUNK_TIMEOUT_SECONDS * 1000;
    this.#progress = progress;
    this.#current = new Int32Array(current);
  }

  /** Starts the thread before there is work for it: its start-up overlaps with connecting to the broker. */
  warmUp(): void {
    this.#thread ??= this.#start();
  }

  /** Resolves when every chunk has its outcome, or the signal has ended the batch. */
  async execute(chunks: readonly Chunk[], options: ExecuteOptions): Promise<void> {
    let tasks: Task[] = chunks.map((chunk, index) => ({
      index,
      start: chunk.start,
      end: chunk.end,
      computation: chunk.computation,
      keepValues: chunk.keepValues,
    }));
    while (tasks.length > 0 && !options.signal.aborted) {
      const ended = await this.#runOnThread(tasks, options);
      if (ended.by === 'done' || ended.by === 'stopped') return;
      // The thread is gone. What it was at is to blame; what was not handed over goes to a new thread.
      const parameter = this.#parameterOf(chunks, ended.at);
      const failure = { message: ended.reason, stack: '', blame: 'parameter', retryable: true, ...parameter } as const;
      options.settled([{ index: ended.at, failure }]);
      tasks = tasks.filter((task) => task.index >= ended.next && task.index !== ended.at);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  #runOnThread(tasks: readonly Task[], { settled, signal }: ExecuteOptions): Promise<Ended> {
    const thread = (this.#thread ??= this.#start());
    const first = tasks[0] as Task;
    Atomics.store(this.#current, 0, first.index);
    return new Promise((resolve) => {
      let next = first.index;
      const watch = this.#watch((at) =>
        finish({ by: 'death', next, at, reason: `took longer than CHUNK_TIMEOUT_SECONDS=${this.#timeLimitMs / 1000}` }),
      );
      const finish = (ended: Ended): void => {
        clearInterval(watch);
        thread.off('message', receive).off('exit', died).off('error', failed);
        signal.removeEventListener('abort', stop);
        void (ended.by === 'done' ? Promise.resolve() : this.#end()).then(() => resolve(ended));
      };
      const receive = (message: FromThread): void => {
        if (message.kind !== 'outcomes') return;
        const outcomes = unpackOutcomes(message.outcomes);
        const last = outcomes.at(-1);
        if (last) {
          next = last.index + 1;
          settled(outcomes);
        }
        if (message.done) finish({ by: 'done' });
      };
      const death = (reason: string): void => finish({ by: 'death', next, at: Math.max(next, this.#at()), reason });
      const died = (): void => death('ended its compute thread');
      const failed = (error: Error): void => death(`ended its compute thread: ${error.message}`);
      const stop = (): void => finish({ by: 'stopped' });
      thread.on('message', receive).on('exit', died).on('error', failed);
      signal.addEventListener('abort', stop, { once: true });
      thread.postMessage(packTasks(tasks));
    });
  }

  /** Calls back when the thread has been at one task for longer than the limit. */
  #watch(expired: (at: number) => void): NodeJS.Timeout {
    let at = this.#at();
    let since = performance.now();
    return setInterval(
      () => {
        if (this.#at() !== at) {
          at = this.#at();
          since = performance.now();
        } else if (at >= 0 && performance.now() - since > this.#timeLimitMs) expired(at);
      },
      Math.min(1000, this.#timeLimitMs / 4),
    );
  }

  #at(): number {
    return Atomics.load(this.#current, 0);
  }

  /** Which parameter the thread was computing when it ended: the one to blame, unless the chunk was slow as a whole. */
  #parameterOf(chunks: readonly Chunk[], index: number): { parameter?: number } {
    const chunk = chunks[index];
    return chunk && this.#at() === index ? { parameter: chunk.start + Atomics.load(this.#current, 1) } : {};
  }

  #start(): Worker {
    const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: this.#options });
    thread.on('message', (message: FromThread) => {
      if (message.kind === 'progress') this.#progress(message.parameters);
    });
    // An idle thread that dies is replaced at the next batch.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    return thread;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

type Ended =
  | { readonly by: 'done' }
  | { readonly by: 'stopped' }
  | { readonly by: 'death'; readonly next: number; readonly at: number; readonly reason: string };
