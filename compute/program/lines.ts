/**
 * Protocol `lines`: long-lived processes, as many as the concurrency says. Each reads a JSON line a parameter and
 * answers with one. Lines are written ahead, so that neither side waits for the other.
 */
import type { Groups } from './groups.js';
import { LineProcess } from './line-process.js';
import { Faults, type Program } from './program.js';
import type { Work } from './work.js';

export class Lines implements AsyncDisposable {
  readonly #processes: readonly LineProcess[];

  constructor(program: Program, groups: Groups) {
    const faults = new Faults(program);
    this.#processes = Array.from({ length: program.concurrency }, () => new LineProcess(program, groups, faults));
  }

  get concurrency(): number {
    return this.#processes.length;
  }

  /** Resolves when every chunk of the work has its outcome, or the signal has ended it. */
  async run(work: Work, signal: AbortSignal): Promise<void> {
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    for (const each of this.#processes) each.begin(work, () => this.#fill());
    await Promise.race([work.finished, stopped]);
    signal.removeEventListener('abort', stop);
    for (const each of this.#processes) each.end(signal.aborted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((each) => each[Symbol.asyncDispose]()));
  }

  /** What one process gave back another one may be free for. */
  #fill(): void {
    for (const each of this.#processes) each.fill();
  }
}
