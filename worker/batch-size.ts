/**
 * How many chunks to take at once: as many as compute in a moment, so that nothing is held that an idle worker could
 * take.
 */

/** A batch should compute in about this time. */
const BATCH_MS = 50;
/** One batch computes while the next one is read ahead and the last one is settled. */
const BATCHES_HELD = 3;

export class BatchSize {
  readonly #most: number;
  readonly #parallel: () => number;
  #msPerChunk = Infinity;
  #wasFast = false;

  /**
   * @param mostHeld chunks that the worker may hold in all
   * @param parallel how many chunks are computed side by side, however slow they are
   */
  constructor(mostHeld: number, parallel: () => number = () => 1) {
    this.#parallel = parallel;
    this.#most = Math.max(1, Math.floor(mostHeld / BATCHES_HELD));
  }

  /** 1 until the first chunk has shown what chunks cost. */
  get current(): number {
    const parallel = this.#msPerChunk === Infinity ? 1 : this.#parallel();
    return Math.max(1, Math.min(this.#most, Math.max(parallel, Math.floor(BATCH_MS / this.#msPerChunk))));
  }

  /**
   * Chunks have always taken so long that every worker holds one at a time. Once they were fast, others may hold many
   * that turned out slow, whatever the last ones of this worker took.
   */
  get oneByOne(): boolean {
    return this.#msPerChunk !== Infinity && !this.#wasFast;
  }

  /** Records that `chunks` chunks took `ms` milliseconds; slower chunks count at once, faster ones by and by. */
  took(ms: number, chunks: number): void {
    const now = ms / chunks;
    const isSlower = now > this.#msPerChunk || this.#msPerChunk === Infinity;
    this.#msPerChunk = isSlower ? now : 0.5 * this.#msPerChunk + 0.5 * now;
    this.#wasFast ||= this.current > 1;
  }
}
