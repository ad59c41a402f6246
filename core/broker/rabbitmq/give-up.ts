/** Ends what waits for an answer of the broker when the caller gives up. */
import { setMaxListeners } from 'node:events';
import { delay } from '../../runtime/backoff.js';

/** A broker that is well answers within this time, so that what is given back at the last moment still arrives. */
const LAST_MOMENT_MS = 500;

export class GiveUp {
  readonly #signal: AbortSignal | undefined;
  readonly #why: () => string;

  /** @param why what the broker does instead of answering */
  constructor(signal: AbortSignal | undefined, why: () => string) {
    this.#signal = signal;
    if (signal) setMaxListeners(0, signal);
    this.#why = why;
  }

  /** @throws Error when the signal has aborted and the broker has not answered a moment later */
  async limit<T>(answer: Promise<T>, doing: string): Promise<T> {
    if (!this.#signal) return answer;
    const over = new AbortController();
    try {
      return await Promise.race([answer, this.#end(this.#signal, doing, over.signal)]);
    } finally {
      over.abort();
    }
  }

  async #end(signal: AbortSignal, doing: string, over: AbortSignal): Promise<never> {
    if (!signal.aborted)
      await new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true, signal: over }),
      );
    await delay(LAST_MOMENT_MS, over);
    throw new Error(`gave up ${doing}: the time to leave has come and RabbitMQ has not answered${this.#why()}`);
  }
}
