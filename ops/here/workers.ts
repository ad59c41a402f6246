/**
 * The workers of a run on this machine: so many processes as there is work for, replaced when they die, and none left
 * behind. They are out of the terminal's reach, so that Ctrl-C comes to `ttg run` alone, which asks them to finish.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { delay } from '../../core/runtime/backoff.js';
import { inPlace } from '../../core/runtime/folders.js';
import { PROGRAMS } from '../programs.js';
import { plural } from '../../core/runtime/words.js';

const LOOK_MS = 250;
/** A worker that lived for less has done nothing: the next one waits a little. */
const SHORT_MS = 2000;
/** The longest wait before a worker is replaced. */
const MOST_WAIT_MS = 2000;
/** So many deaths in a row without anything recorded are no accident: a parameter that kills needs fewer. */
const MOST_DEATHS = 150;
/** A worker that is set up wrongly says so by its exit status, and every other one would do the same. */
const MISCONFIGURED = 2;
const HARD_MS = 3000;

export interface WorkersOptions {
  readonly count: number;
  readonly env: NodeJS.ProcessEnv;
  /** What the workers print is appended to it. */
  readonly logFile: string;
  /** Chunks that are not finished; undefined where the broker does not answer. */
  readonly unfinished: () => Promise<number | undefined>;
  /** Grows with each record of the run. */
  readonly recorded: () => number;
  /** Told of each worker that was not asked to end, and did not leave by itself. */
  readonly died: (name: string, how: string) => void;
}

export class Workers {
  readonly #options: WorkersOptions;
  readonly #running = new Map<string, ChildProcess>();
  readonly #over = new AbortController();
  readonly #log: number;
  readonly #kill = (): void => this.#signalAll('SIGTERM');
  #started = 0;
  #deaths = 0;
  #recordedAtDeath = -1;
  #notBefore = 0;
  #failure: string | undefined;

  /** @throws ConfigError where their log cannot be written */
  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#log = inPlace(options.logFile, () => openSync(options.logFile, 'a'));
    // A second Ctrl-C: a worker that was asked before ends at once.
    process.on('exit', this.#kill);
  }

  get running(): number {
    return this.#running.size;
  }

  /** Why no further worker is started, once there is such a reason. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Keeps as many workers as there are unfinished chunks, up to the most; resolves after `drain`. */
  async keep(): Promise<void> {
    const { count, unfinished } = this.#options;
    while (!this.#over.signal.aborted && this.#failure === undefined) {
      const chunks = (await unfinished()) ?? 0;
      const wanted = Math.min(count, chunks);
      while (this.#running.size < wanted && performance.now() >= this.#notBefore && !this.#over.signal.aborted)
        this.#start();
      await delay(LOOK_MS, this.#over.signal);
    }
  }

  /** Asks all to finish what they hold and waits for them; ends those that take longer than their grace. */
  async drain(graceMs: number): Promise<void> {
    this.#over.abort();
    this.#signalAll('SIGTERM');
    const hard = setTimeout(() => this.#signalAll('SIGKILL'), graceMs + HARD_MS);
    while (this.#running.size > 0) await Promise.race([...this.#running.values()].map((child) => once(child, 'exit')));
    clearTimeout(hard);
    process.removeListener('exit', this.#kill);
    closeSync(this.#log);
  }

  #start(): void {
    const name = `worker-${++this.#started}`;
    const began = performance.now();
    const child = spawn(process.execPath, [PROGRAMS.worker], {
      env: { ...this.#options.env, POD_NAME: name, NODE_NAME: 'here' },
      // Their end of the channel closes with this process, however it ends: they leave then.
      stdio: ['ignore', this.#log, this.#log, 'ipc'],
      detached: true,
    });
    this.#running.set(name, child);
    child.on('error', (error) => (this.#failure = `no worker can be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      this.#running.delete(name);
      if (code !== 0 && !this.#over.signal.aborted)
        this.#afterDeath(name, code, signal, performance.now() - began < SHORT_MS);
    });
  }

  #afterDeath(name: string, code: number | null, signal: string | null, short: boolean): void {
    const how = signal ? `was ended by ${signal}` : `ended with status ${code}`;
    const recorded = this.#options.recorded();
    this.#deaths = recorded === this.#recordedAtDeath ? this.#deaths + 1 : 1;
    this.#recordedAtDeath = recorded;
    if (short) this.#notBefore = performance.now() + Math.min(MOST_WAIT_MS, 50 * 2 ** Math.min(this.#deaths, 10));
    this.#options.died(name, how);
    if (code === MISCONFIGURED) this.#failure = `${name} ${how}: it is set up wrongly`;
    else if (this.#deaths >= MOST_DEATHS)
      this.#failure = `${plural(this.#deaths, 'worker')} in a row died without a result; the last one ${how}`;
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const child of this.#running.values()) child.kill(signal);
  }
}
