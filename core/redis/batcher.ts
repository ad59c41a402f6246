/** Collects what is asked for in one turn of the event loop into one call, and gives each asker its own answer. */
import type { Arg } from './scripts.js';

/** One item of a batch: arguments of a script, and its key if it needs one of its own. */
export interface Item {
  readonly key?: string;
  readonly args: readonly Arg[];
}

interface Waiting {
  readonly item: Item;
  readonly resolve: (answer: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_ITEMS = 200;
/** Redis does nothing else while a script runs, so records that keep their values go in smaller batches. */
const MOST_LENGTH = 1_000_000;

export class Batcher {
  readonly #send: (items: readonly Item[]) => Promise<readonly boolean[]>;
  #waiting: Waiting[] = [];

  /** @param send resolves with one answer for each item, in their order */
  constructor(send: (items: readonly Item[]) => Promise<readonly boolean[]>) {
    this.#send = send;
  }

  push(item: Item): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #flush(): void {
    let batch: Waiting[] = [];
    let length = 0;
    for (const waiting of this.#waiting) {
      batch.push(waiting);
      length += waiting.item.args.reduce<number>((sum, arg) => sum + (typeof arg === 'string' ? arg.length : 8), 0);
      if (batch.length >= MOST_ITEMS || length >= MOST_LENGTH) {
        void this.#sendBatch(batch);
        batch = [];
        length = 0;
      }
    }
    this.#waiting = [];
    if (batch.length > 0) void this.#sendBatch(batch);
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(answers[i] === true));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
