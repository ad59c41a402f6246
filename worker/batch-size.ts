/** How many chunks to take at once: as many as compute in a moment, so that nothing is held that an idle worker could take. */

/** A batch should compute in about this time. */
const BATCH_MS = 50;

export class BatchSize {
  readonly #most: number;
  #msPerChunk = Infinity;
  #wasFast = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** 1 until the first chunk has shown what chunks cost. */
  get current(): number {
    return Math.max(1, Math.min(this.#most, Math.floor(BATCH_MS / this.#msPerChunk)));
  }

  /**
   * Chunks have always taken so long that every worker holds one at a time. Once they were fast, others may hold many that
   * turned out slow, whatever the last ones of this worker took.
   */
  get oneByOne(): boolean {
    return this.#msPerChunk !== Infinity && !this.#wasFast;
  }

  /** Records that `chunks` chunks took `ms` milliseconds; slower chunks count at once, faster ones by and by. */
  took(ms: number, chunks: number): void {
    const now = ms / chunks;
    this.#msPerChunk =
      now > this.#msPerChunk || this.#msPerChunk === Infinity ? now : 0.5 * this.#msPerChunk + 0.5 * now;
    this.#wasFast ||= this.current > 1;
  }
}
