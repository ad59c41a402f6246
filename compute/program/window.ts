/** How many lines are written ahead of a program: many where it is fast, one where each takes its time. */

/** So much work a process may have before it: what it has, no other one can take. */
const AHEAD_MS = 100;
const MOST_LINES = 4096;
/** Of one write: both sides' buffers hold more. */
const MOST_BYTES = 64 * 1024;

export class Window {
  #lines = 1;
  #last = 0;

  /** Whether writing is worth while: a few at a time, not each one. */
  hasRoom(waiting: number): boolean {
    return waiting <= this.#lines / 2;
  }

  /** @param bytes of this write so far */
  mayWrite(waiting: number, bytes: number): boolean {
    return waiting < this.#lines && bytes < MOST_BYTES;
  }

  /** A line is written to a process that has nothing to do. @returns now */
  begins(): number {
    return (this.#last = performance.now());
  }

  /** So many answers came at once. */
  answered(count: number): void {
    if (count === 0) return;
    const now = performance.now();
    const wanted = (count * AHEAD_MS) / Math.max(0.01, now - this.#last);
    this.#last = now;
    // Up by doubling, so that one lucky moment does not decide; down at once by as much.
    const next = Math.min(2 * this.#lines, Math.max(this.#lines / 2, wanted));
    this.#lines = Math.max(1, Math.min(MOST_LINES, Math.round(next)));
  }

  reset(): void {
    this.#lines = 1;
    this.#last = 0;
  }
}
