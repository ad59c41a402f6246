/** Waiting: abortable delays, and delays that grow between tries. Pure but for timer and chance. */

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

/**
 * Milliseconds to wait before try `n` (1-based): doubles from `first` up to `most`, and then between a half and all of
 * that by chance, so that many who failed together do not come back together.
 * @param random in [0, 1)
 */
export function backoff(n: number, first = 100, most = 2000, random: () => number = Math.random): number {
  const longest = Math.min(most, first * 2 ** Math.min(n - 1, 20));
  return (longest / 2) * (1 + random());
}
