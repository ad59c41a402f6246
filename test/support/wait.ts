/** Waiting for an observation, and proving that something does not happen. Nothing here sleeps for luck. */
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 50;

/**
 * Observes until `observe` returns a value other than undefined and false. A read that throws is not an observation: it
 * neither succeeds nor fails; the last one is in the message at the deadline.
 * @param what completes the sentence "did not see …"
 */
export async function eventually<T>(
  observe: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs: number,
  what: string,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  let last = 'nothing was observed';
  for (;;) {
    try {
      const seen = await observe();
      if (seen !== undefined && seen !== false) return seen;
      last = `last observation: ${String(seen)}`;
    } catch (error) {
      last = `last read failed: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() >= deadline) throw new Error(`did not see ${what} within ${deadlineMs} ms; ${last}`);
    await delay(PAUSE_MS);
  }
}

/**
 * Proves that something stays true: observes over and over for `forMs`, and throws at the first observation that is
 * false. At least one read must succeed.
 */
export async function holds(observe: () => Promise<boolean> | boolean, forMs: number, what: string): Promise<void> {
  const end = Date.now() + forMs;
  let observations = 0;
  let failure: unknown;
  while (Date.now() < end || observations === 0) {
    let held: boolean;
    try {
      held = await observe();
    } catch (error) {
      failure = error;
      if (Date.now() >= end + forMs) throw new Error(`no observation of whether ${what}`, { cause: failure });
      continue;
    } finally {
      await delay(PAUSE_MS);
    }
    observations++;
    if (!held) throw new Error(`it did not hold that ${what}`);
  }
}

/** The promise's value, or an error at the deadline: for what must end by itself. */
export async function within<T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  const timer = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took longer than ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}
