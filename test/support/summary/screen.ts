/** Lines that change in place at the foot of a terminal; whatever else is written goes above them. */
import { createLogUpdate } from 'log-update';

type Write = typeof process.stdout.write;

export class Screen implements Disposable {
  readonly #streams = [process.stdout, process.stderr].map((stream) => ({
    stream,
    original: stream.write.bind(stream),
  }));
  readonly #update = createLogUpdate(process.stdout);
  #lines = '';
  #drawing = false;

  constructor() {
    for (const { stream, original } of this.#streams) {
      const above = (...args: Parameters<Write>): boolean => {
        if (this.#drawing) return original(...args);
        return this.#draw(() => {
          this.#update.clear();
          const flushed = original(...args);
          this.#update(this.#lines);
          return flushed;
        });
      };
      stream.write = above as Write;
    }
  }

  show(lines: readonly string[]): void {
    this.#lines = lines.join('\n');
    this.#draw(() => this.#update(this.#lines));
  }

  /** Leaves the lines where they are. */
  [Symbol.dispose](): void {
    this.#draw(() => this.#update.done());
    for (const { stream, original } of this.#streams) stream.write = original;
  }

  #draw<T>(draw: () => T): T {
    this.#drawing = true;
    try {
      return draw();
    } finally {
      this.#drawing = false;
    }
  }
}
