/** Notices that a run on a cluster stands still, and asks why: once for each reason, beside whatever else goes on. */

/** Nothing that starts as it should takes as long. */
const STILL_MS = 30_000;
/** Asking costs the API server and the broker something. */
const AGAIN_MS = 60_000;

export class Standstill {
  readonly #explain: () => Promise<string | undefined>;
  readonly #say: (sentence: string) => void;
  readonly #now: () => number;
  #progress = -1;
  #since: number;
  #said: string | undefined;
  #asking = false;

  /**
   * @param explain why the run does not move; undefined where it does
   * @param now milliseconds of a monotonic clock
   */
  constructor(
    explain: () => Promise<string | undefined>,
    say: (sentence: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#explain = explain;
    this.#say = say;
    this.#now = now;
    this.#since = now();
  }

  /** @param progress parameters that are done or dead */
  look(progress: number): void {
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#since = this.#now();
      this.#said = undefined;
    } else if (!this.#asking && this.#now() - this.#since >= STILL_MS) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      const sentence = await this.#explain();
      if (sentence !== undefined && sentence !== this.#said) this.#say((this.#said = sentence));
    } catch {
      // The run itself says where the cluster or the broker cannot be reached.
    } finally {
      this.#since = this.#now() + AGAIN_MS - STILL_MS;
      this.#asking = false;
    }
  }
}
