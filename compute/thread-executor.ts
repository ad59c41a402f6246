/** The executor that computes on a thread, and survives whatever a chunk does to that thread. */
import { Worker } from 'node:worker_threads';
import type { Chunk } from '../core/model/chunk.js';
import { delay } from '../core/runtime/backoff.js';
import type { Config } from '../core/runtime/config.js';
import type { ExecuteOptions, Executor, Failure, Outcome } from './executor.js';
import type { Logger } from '../core/runtime/logger.js';
import { AT, LOADING, NOT_BEGUN, type FromThread, type Task, type ThreadOptions, type ToThread } from './protocol.js';

/** So long a thread that is told to end may take. One that computes ends at once; one in a system call does not. */
const END_MS = 500;
/** So long a computation may take that has asked to be told when its time is over. */
const ABORT_MS = 500;
/** So long a module may take to take down what it set up. */
const LEAVE_MS = 2000;

export class ThreadExecutor implements Executor {
  readonly #options: ThreadOptions;
  readonly #timeLimitMs: number;
  readonly #progress: (parameters: number) => void;
  readonly #log: Logger | undefined;
  readonly #current: Int32Array;
  readonly #stuck = new Set<Worker>();
  #thread: Worker | undefined;

  /**
   * @param progress called each time BATCH_SIZE parameters are done, with their number
   * @param log where modules log
   * @param sourceFolder where the sources of sweeps may be written
   */
  constructor(config: Config, progress: (parameters: number) => void, log?: Logger, sourceFolder?: string) {
    const current = new SharedArrayBuffer(4 * Object.keys(AT).length);
    this.#options = {
      simulateWorkMs: config.SIMULATE_WORK_MS,
      simulateFaultRate: config.SIMULATE_FAULT_RATE,
      progressEvery: config.BATCH_SIZE,
      sweepFile: config.SWEEP_FILE,
      sourceFolder,
      execArgv: process.execArgv,
      current,
    };
    this.#timeLimitMs = config.CHUNK_TIMEOUT_SECONDS * 1000;
    this.#progress = progress;
    this.#log = log;
    this.#current = new Int32Array(current);
  }

  /**
   * A computation is in a call that nothing can interrupt, such as one that waits for another program. Its thread was
   * given up, but Node does not end the process before it.
   */
  get isStuck(): boolean {
    return this.#stuck.size > 0;
  }

  /** Starts the thread before there is work for it: its start-up overlaps with connecting to the broker. */
  warmUp(): void {
    this.#thread ??= this.#start();
  }

  async execute(chunks: readonly Chunk[], options: ExecuteOptions): Promise<void> {
    let tasks: Task[] = chunks.map((chunk, index) => ({
      index,
      start: chunk.start,
      end: chunk.end,
      runId: chunk.runId,
      computation: chunk.computation,
      keepValues: chunk.keepValues,
    }));
    while (tasks.length > 0 && !options.signal.aborted) {
      const ended = await this.#runOnThread(tasks, options);
      if (ended.by !== 'death') return;
      // The thread is gone. What it was at is to blame; what was not handed over goes to a new thread.
      const failed = this.#failed(tasks, ended);
      options.settled(failed);
      const settled = new Set(failed.map(({ index }) => index));
      tasks = tasks.filter(({ index }) => index >= ended.next && !settled.has(index));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const thread = this.#thread;
    const isIdle = this.#at() === -1;
    if (thread && isIdle && Atomics.load(this.#current, AT.teardown) === 1)
      await this.#ask(thread, { kind: 'leave' }, ({ kind }) => kind === 'left', LEAVE_MS);
    await this.#end();
  }

  #runOnThread(tasks: readonly Task[], { settled, signal }: ExecuteOptions): Promise<Ended> {
    const thread = (this.#thread ??= this.#start());
    const first = tasks[0] as Task;
    Atomics.store(this.#current, AT.done, NOT_BEGUN);
    Atomics.store(this.#current, AT.task, first.index);
    return new Promise((resolve) => {
      let next = first.index;
      let isFit = true;
      const watch = this.#watch((at) =>
        finish({ by: 'death', next, at, reason: `took longer than CHUNK_TIMEOUT_SECONDS=${this.#timeLimitMs / 1000}` }),
      );
      const finish = (ended: Ended): void => {
        clearInterval(watch);
        thread.off('message', receive).off('exit', died).off('error', failed);
        signal.removeEventListener('abort', stop);
        void (ended.by === 'done' && isFit ? Promise.resolve() : this.#end()).then(() => resolve(ended));
      };
      const receive = (message: FromThread): void => {
        if (message.kind !== 'outcomes') return;
        const { outcomes } = message;
        const last = outcomes.at(-1);
        if (last) {
          next = last.index + 1;
          // Node remembers what could not be loaded: only a new thread looks again.
          isFit &&= outcomes.every(isOfParameters);
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
      thread.postMessage({ kind: 'batch', tasks } satisfies ToThread);
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
    return Atomics.load(this.#current, AT.task);
  }

  /** What the death of a thread means for the task that it was at, which comes first, and for others like it. */
  #failed(tasks: readonly Task[], { at, next, reason }: Death): Outcome[] {
    const done = this.#at() === at ? Atomics.load(this.#current, AT.done) : NOT_BEGUN;
    const task = tasks.find(({ index }) => index === at);
    const failure = { message: reason, stack: '', blame: 'parameter', retryable: true } satisfies Failure;
    if (!task || done === NOT_BEGUN) return [{ index: at, failure }];
    if (done !== LOADING) return [{ index: at, failure: { ...failure, parameter: task.start + done } }];
    const message = `computation ${task.computation} could not be loaded: loading it ${reason}`;
    const unloadable = { ...failure, message, blame: 'computation' } satisfies Failure;
    const others = tasks.filter(({ index, computation }) => index > at && computation === task.computation);
    // Before `next` is what was handed over; between it and `at` nothing can be of this computation.
    return [task, ...others].filter(({ index }) => index >= next).map(({ index }) => ({ index, failure: unloadable }));
  }

  #start(): Worker {
    const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: this.#options });
    thread.on('message', (message: FromThread) => {
      if (message.kind === 'progress') this.#progress(message.parameters);
      if (message.kind === 'log') this.#log?.[message.level](message.fields, message.message);
    });
    // An idle thread that dies is replaced at the next batch.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    return thread;
  }

  /** Tells the thread something, and waits for its answer, its end, or so long. */
  async #ask(
    thread: Worker,
    question: ToThread,
    isAnswer: (message: FromThread) => boolean,
    ms: number,
  ): Promise<void> {
    const answered = new AbortController();
    const receive = (message: FromThread): void => void (isAnswer(message) && answered.abort());
    const ended = (): void => answered.abort();
    thread.on('message', receive).on('exit', ended);
    thread.postMessage(question);
    await delay(ms, answered.signal);
    thread.off('message', receive).off('exit', ended);
  }

  /** Ends the thread, or gives it up: as soon as its call returns nothing more of it runs. */
  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (!thread) return;
    this.#stuck.add(thread);
    if (this.#at() >= 0 && Atomics.load(this.#current, AT.listens) === 1)
      await this.#ask(thread, { kind: 'abort' }, (message) => message.kind === 'outcomes' && message.done, ABORT_MS);
    const patience = new AbortController();
    const gone = thread.terminate().then(() => {
      this.#stuck.delete(thread);
      patience.abort();
    });
    await Promise.race([gone, delay(END_MS, patience.signal)]);
  }
}

const isOfParameters = (outcome: Outcome): boolean => !('failure' in outcome) || outcome.failure.blame === 'parameter';

interface Death {
  readonly by: 'death';
  /** The first task whose outcome was not handed over. */
  readonly next: number;
  readonly at: number;
  readonly reason: string;
}

type Ended = { readonly by: 'done' } | { readonly by: 'stopped' } | Death;
