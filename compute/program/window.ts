/** How many parameters are written ahead of a program: many where it is fast, one where each takes its time. */

/** So much work a process may have before it: what it has, no other one can take. */
const AHEAD_MS = 100;
const MOST_PARAMETERS = 4096;
/** Of one write: both sides' buffers hold more. */
const MOST_BYTES = 64 * 1024;
/** Of one answer, as the last ones were: large values need no company. */
const MOST_ANSWER_BYTES = 256 * 1024;

export class Window {
  #parameters = 1;
  #last = 0;
  /** Received since the last answer. */
  #bytes = 0;
  #bytesEach = 0;

  /** Whether writing is worth while: a few at a time, not each one. */
  hasRoom(waiting: number): boolean {
    return waiting <= this.#parameters / 2;
  }

  /** @param bytes of this write so far */
  mayWrite(waiting: number, bytes: number): boolean {
    return waiting < this.#parameters && bytes < MOST_BYTES;
  }

  /**
   * How many parameters one line may carry: as many as take half of the time ahead, so that two lines are under way. One
   * that takes its time is alone, and none waits for others to come.
   */
  together(most: number): number {
    return Math.max(1, Math.floor(Math.min(most, this.#parameters / 2, MOST_ANSWER_BYTES / this.#bytesEach)));
  }

  /** A line is written to a process that has nothing to do. @returns now */
  begins(): number {
    return (this.#last = performance.now());
  }

  /** So many parameters were answered at once, by so many bytes and those that came without an answer. */
  answered(count: number, bytes: number): void {
    this.#bytes += bytes;
    if (count === 0) return;
    this.#bytesEach = this.#bytes / count;
    this.#bytes = 0;
    const now = performance.now();
    const wanted = (count * AHEAD_MS) / Math.max(0.01, now - this.#last);
    this.#last = now;
    // Up by doubling, so that one lucky moment does not decide; down at once by as much.
    const next = Math.min(2 * this.#parameters, Math.max(this.#parameters / 2, wanted));
    this.#parameters = Math.max(1, Math.min(MOST_PARAMETERS, Math.round(next)));
  }

  reset(): void {
    this.#parameters = 1;
    this.#last = 0;
    this.#bytes = 0;
  }
}
