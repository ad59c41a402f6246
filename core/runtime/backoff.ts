/** Waiting: abortable delays, and delays that grow between tries. Pure but for the timer. */

/** Resolves after `ms`, or at once when the signal aborts; never rejects. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Milliseconds to wait before try `n` (1-based): doubles from `first` up to `most`. */
export function backoff(n: number, first = 100, most = 2000): number {
  return Math.min(most, first * 2 ** Math.min(n - 1, 20));
}
