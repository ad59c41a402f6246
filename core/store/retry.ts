/** Tries again what may pass, with growing and scattered waits. */
import { backoff, delay } from '../runtime/backoff.js';
import { asError, StoreAway } from '../runtime/errors.js';

/** Trying again may help: the answer was none, or one of a store in trouble. */
export class Passing extends Error {
  override readonly name = 'Passing';
}

export interface Patience {
  /** After so long without success a store counts as away. */
  readonly patienceMs?: number;
  /** Ends the waiting early. */
  readonly stop?: AbortSignal;
  /** Told once of each wait, with what was tried and what it met. */
  readonly waits?: (reason: string) => void;
}

/** What a log says of it, and `ttg why` looks for. */
export const WAITING_FOR_STORE = 'waiting for the store of values';
const PATIENCE_MS = 60_000;
const LONGEST_WAIT_MS = 5000;

/**
 * @param what for the message: `s3://bucket/ could not be written`
 * @throws StoreAway when time is over; whatever else `attempt` throws but Passing, at once
 */
export async function retried<T>(
  what: string,
  { patienceMs = PATIENCE_MS, stop, waits }: Patience,
  attempt: (n: number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let n = 1; ; n++) {
    try {
      return await attempt(n);
    } catch (thrown) {
      if (!(thrown instanceof Passing)) throw thrown;
      const left = deadline - performance.now();
      if (left <= 0 || stop?.aborted)
        throw new StoreAway(`${what}: ${asError(thrown).message} (tried ${n} times)`, { cause: thrown });
      if (n === 1) waits?.(`${what}: ${asError(thrown).message}`);
      await delay(Math.min(backoff(n, 100, LONGEST_WAIT_MS), left), stop);
    }
  }
}
