/** Collects what is asked for in one turn of the event loop into one call, and gives each asker its own answer. */

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: (answer: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_ITEMS = 250;
/** Redis does nothing else while a script runs, so records that keep their values go in smaller batches. */
const MOST_LENGTH = 1_000_000;

export interface BatchRules<Item> {
  /** Whether an item may follow another one in the same call; always when omitted. */
  readonly joins?: (item: Item, before: Item) => boolean;
  /** About how many characters an item takes; few when omitted. */
  readonly length?: (item: Item) => number;
}

export class Batcher<Item> {
  readonly #send: (items: readonly Item[]) => Promise<readonly boolean[]>;
  readonly #joins: (item: Item, before: Item) => boolean;
  readonly #length: (item: Item) => number;
  #waiting: Waiting<Item>[] = [];

  /** @param send resolves with one answer for each item, in their order */
  constructor(
    send: (items: readonly Item[]) => Promise<readonly boolean[]>,
    { joins = () => true, length = () => 50 }: BatchRules<Item> = {},
  ) {
    this.#send = send;
    this.#joins = joins;
    this.#length = length;
  }

  push(item: Item): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #flush(): void {
    let batch: Waiting<Item>[] = [];
    let length = 0;
    for (const waiting of this.#waiting) {
      const before = batch.at(-1);
      if (before && (batch.length >= MOST_ITEMS || length >= MOST_LENGTH || !this.#joins(waiting.item, before.item))) {
        void this.#sendBatch(batch);
        batch = [];
        length = 0;
      }
      batch.push(waiting);
      length += this.#length(waiting.item);
    }
    this.#waiting = [];
    if (batch.length > 0) void this.#sendBatch(batch);
  }

  async #sendBatch(batch: readonly Waiting<Item>[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(answers[i] === true));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
