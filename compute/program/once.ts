/** One process a parameter: starts it, waits for its end, and takes what it printed for the value. */

import { asError } from '../../core/runtime/errors.js';
import type { Value } from '../../core/model/value.js';
import { MAX_VALUE_BYTES } from '../../core/model/value-text.js';
import { bytesText } from './bytes.js';
import type { Group } from './group.js';
import type { Groups } from './groups.js';
import { printedValue } from './printed.js';
import { Faults, watchMemory, type Program } from './program.js';
import type { Fault, Work } from './work.js';

export type Answer = { readonly value: Value } | { readonly fault: Fault };

export class Once implements AsyncDisposable {
  readonly #program: Program;
  readonly #groups: Groups;
  readonly #faults: Faults;

  constructor(program: Program, groups: Groups) {
    this.#program = program;
    this.#groups = groups;
    this.#faults = new Faults(program);
  }

  get concurrency(): number {
    return this.#program.concurrency;
  }

  /** Resolves when nothing of the work is left to begin, and nothing is at it. */
  async run(work: Work, signal: AbortSignal): Promise<void> {
    const slot = async (): Promise<void> => {
      for (let item; !signal.aborted && (item = work.next());) {
        const answer = await this.compute(item.index, AbortSignal.any([signal, item.job.over.signal]));
        if (answer === undefined) continue;
        if ('value' in answer) work.computed(item, answer.value);
        else work.failed(item, answer.fault);
      }
    };
    await Promise.all(Array.from({ length: this.#program.concurrency }, slot));
  }

  /** @returns undefined where the signal ended it: what is then left of it is killed within two seconds */
  async compute(index: number, signal: AbortSignal): Promise<Answer | undefined> {
    const { limitMs } = this.#program;
    const argv = this.#program.argv(index);
    const name = argv[0] ?? '';
    let size = 0;
    const printed: Buffer[] = [];
    const group: Group = this.#groups.start({
      argv,
      env: this.#environment(index),
      stdin: false,
      received: (bytes) => {
        size += bytes.length;
        if (size <= MAX_VALUE_BYTES) printed.push(bytes);
        else group.kill(`printed more than ${bytesText(MAX_VALUE_BYTES)}, which a value may have at most`);
      },
    });
    watchMemory(this.#program, group);
    const late = setTimeout(() => group.stop(`took longer than ${limitMs / 1000} s, its time limit`), limitMs);
    const stopped = new Promise<undefined>((resolve) => {
      const stop = (): void => {
        group.stop('stopped');
        resolve(undefined);
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    const ended = await Promise.race([group.ended, stopped]);
    clearTimeout(late);
    if (ended === undefined || signal.aborted) return undefined;
    const isGood = !('error' in ended) && ended.status === 0 && group.stopped === undefined;
    if (!isGood) return { fault: this.#faults.of(name, ended, group) };
    this.#faults.works = true;
    try {
      return { value: printedValue(Buffer.concat(printed)) };
    } catch (thrown) {
      const { message } = asError(thrown);
      return { fault: { message, stack: '', output: group.stderr, blame: 'parameter', retryable: true } };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Every process has its end with its parameter.
  }

  #environment(index: number): Record<string, string> {
    const { env, runId, total, parameterText } = this.#program;
    return {
      ...env,
      TTG_RUN_ID: runId,
      TTG_TOTAL: String(total),
      TTG_INDEX: String(index),
      TTG_PARAMETER: parameterText(index),
      TTG_SEED: String(this.#program.seeds.seed(index)),
    };
  }
}
