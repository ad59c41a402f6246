/** The lines that a program was given and has not answered yet, oldest first. */
import type { Item } from './work.js';

/** One parameter, or several that follow each other in a chunk. */
export interface Line {
  readonly items: readonly [Item, ...Item[]];
}

export class Asked {
  /** Those before `#head` are done. */
  #lines: (Line | undefined)[] = [];
  #head = 0;
  /** Parameters of these lines. */
  parameters = 0;

  get oldest(): Line | undefined {
    return this.#lines[this.#head];
  }

  add(line: Line): void {
    this.#lines.push(line);
    this.parameters += line.items.length;
  }

  /** @returns the line whose first parameter has this index, which is answered by that; undefined where there is none */
  take(index: number): Line | undefined {
    let at = this.#head;
    // In order, as a rule; whoever computes several at once may answer out of it.
    if (this.oldest?.items[0].index !== index)
      at = this.#lines.findIndex((line, i) => i >= at && line?.items[0].index === index);
    const line = at < 0 ? undefined : this.#lines[at];
    if (!line) return undefined;
    this.#lines[at] = undefined;
    this.parameters -= line.items.length;
    while (this.#head < this.#lines.length && this.#lines[this.#head] === undefined) this.#head++;
    if (this.#head >= 1024 || this.#head === this.#lines.length) {
      this.#lines.splice(0, this.#head);
      this.#head = 0;
    }
    return line;
  }

  /** All of them, and none is left. */
  clear(): Line[] {
    const lines = this.#lines.filter((line) => line !== undefined);
    this.#lines = [];
    this.#head = 0;
    this.parameters = 0;
    return lines;
  }
}
