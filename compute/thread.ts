/** The compute thread: computes batches of tasks, so that a busy computation never blocks heartbeats and settling. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { asError } from '../core/runtime/errors.js';
import type { Computed, Failure, Outcome } from './executor.js';
import { readyComputation, type Ready, type Surroundings } from './computations.js';
import { LoadError } from './module.js';
import { AT, LOADING, type FromThread, type Task, type ThreadOptions, type ToThread } from './protocol.js';
import { Summariser } from './summarise.js';
import { Sweeps } from './sweeps.js';
import { threadLog } from './thread-log.js';

/** Outcomes are handed over when this much time has passed, so that a slow batch is settled chunk by chunk. */
const HAND_OVER_MS = 20;

/** The parameter being computed; none before the first one. */
interface At {
  parameter?: number;
}

class ComputeThread {
  readonly #port: MessagePort;
  readonly #options: ThreadOptions;
  readonly #current: Int32Array;
  /** By run and name. */
  readonly #computations = new Map<string, Promise<Ready>>();
  readonly #around: Surroundings;
  #time = new AbortController();
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #sinceProgress = 0;
  #nowMs = NaN;
  #nowText = '';

  constructor(port: MessagePort, options: ThreadOptions) {
    this.#port = port;
    this.#options = options;
    this.#current = new Int32Array(options.current);
    this.#around = {
      sweeps: new Sweeps(options.sweepFile, options.sourceFolder),
      log: threadLog((message) => this.#send(message)),
      signal: () => {
        Atomics.store(this.#current, AT.listens, 1);
        return this.#time.signal;
      },
    };
    port.on('message', (message: ToThread) => void this.#receive(message));
  }

  async #receive(message: ToThread): Promise<void> {
    switch (message.kind) {
      case 'batch':
        return this.#run(message.tasks);
      case 'abort':
        return this.#time.abort();
      case 'leave':
        for (const loaded of this.#computations.values()) await (await loaded).teardown?.().catch(() => undefined);
        this.#send({ kind: 'left' });
    }
  }

  async #run(batch: readonly Task[]): Promise<void> {
    if (this.#time.signal.aborted) this.#time = new AbortController();
    Atomics.store(this.#current, AT.listens, 0);
    let outcomes: Outcome[] = [];
    let handedOver = performance.now();
    for (const task of batch) {
      Atomics.store(this.#current, AT.done, this.#computations.has(keyOf(task)) ? 0 : LOADING);
      Atomics.store(this.#current, AT.task, task.index);
      outcomes.push(await this.#attempt(task));
      if (performance.now() - handedOver > HAND_OVER_MS && task !== batch.at(-1)) {
        this.#send({ kind: 'outcomes', outcomes, done: false });
        outcomes = [];
        handedOver = performance.now();
      }
    }
    Atomics.store(this.#current, AT.task, -1);
    this.#send({ kind: 'outcomes', outcomes, done: true });
  }

  async #attempt(task: Task): Promise<Outcome> {
    const at: At = {};
    try {
      return { index: task.index, computed: await this.#compute(task, at) };
    } catch (thrown) {
      return { index: task.index, failure: failureOf(asError(thrown), at) };
    }
  }

  async #compute(task: Task, at: At): Promise<Computed> {
    const { simulateFaultRate } = this.#options;
    const startedAt = this.#now();
    const started = performance.now();
    const computation = await this.#computation(task);
    Atomics.store(this.#current, AT.done, 0);
    if (simulateFaultRate > 0 && Math.random() < simulateFaultRate)
      throw new Error('simulated fault (SIMULATE_FAULT_RATE)');
    const summariser = new Summariser(task.keepValues, task.computation !== 'builtin');
    for (let parameter = task.start; parameter <= task.end; parameter++) {
      at.parameter = parameter;
      Atomics.store(this.#current, AT.done, parameter - task.start);
      const answer = computation.compute(parameter);
      const value = typeof answer === 'number' ? answer : await answer;
      summariser.add(parameter, value);
      this.#simulateWork(started, parameter - task.start + 1);
      this.#progress();
    }
    return {
      summary: summariser.summary(),
      digest: summariser.digest(),
      ...summariser.kept(),
      startedAt,
      completedAt: this.#now(),
      durationSeconds: Math.round(performance.now() - started) / 1000,
    };
  }

  /**
   * Sleeps until `done` parameters should have taken this long: waking late once must not make the whole chunk late.
   */
  #simulateWork(started: number, done: number): void {
    const left =
      this.#options.simulateWorkMs === 0 ? 0 : started + done * this.#options.simulateWorkMs - performance.now();
    if (left > 0) Atomics.wait(this.#never, 0, 0, left);
  }

  #progress(): void {
    if (++this.#sinceProgress < this.#options.progressEvery) return;
    this.#send({ kind: 'progress', parameters: this.#sinceProgress });
    this.#sinceProgress = 0;
  }

  /** The moment as text, formatted once a millisecond: many chunks take less. */
  #now(): string {
    const ms = Date.now();
    if (ms !== this.#nowMs) this.#nowText = new Date((this.#nowMs = ms)).toISOString();
    return this.#nowText;
  }

  #computation(task: Task): Promise<Ready> {
    const key = keyOf(task);
    let ready = this.#computations.get(key);
    if (!ready) {
      this.#computations.set(key, (ready = readyComputation(task.computation, task.runId, this.#around)));
      void ready.then(
        ({ teardown }) => void (teardown && Atomics.store(this.#current, AT.teardown, 1)),
        () => undefined,
      );
    }
    return ready;
  }

  #send(message: FromThread): void {
    this.#port.postMessage(message);
  }
}

const keyOf = ({ runId, computation }: Task): string => `${runId} ${computation}`;

function failureOf(error: Error, at: At): Failure {
  // Computations may throw anything by the name of an error, and only text crosses to the other thread for certain.
  const message = String(error.message);
  const stack = typeof error.stack === 'string' ? error.stack : '';
  if (error instanceof LoadError)
    return { message, stack: '', blame: error.missing ? 'worker' : 'computation', retryable: true };
  const retryable = !('retryable' in error) || error.retryable !== false;
  return { message, stack, blame: 'parameter', retryable, ...at };
}

if (parentPort) {
  const options = workerData as ThreadOptions;
  process.execArgv = [...options.execArgv];
  new ComputeThread(parentPort, options);
}
