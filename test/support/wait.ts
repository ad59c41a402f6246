/** Waiting for an observation, and proving that something does not happen. Nothing here sleeps for luck. */
import { setTimeout as delay } from 'node:timers/promises';
import { untilSeen, within as withinSignal } from '../../ops/script/wait.js';

const PAUSE_MS = 50;
const never = new AbortController().signal;

/** As `untilSeen`, for who has no signal: the test's own time limit ends it. */
export function eventually<T>(
  observe: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs: number,
  what: string,
): Promise<T> {
  return untilSeen(observe, what, deadlineMs / 1000, never);
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
export function within<T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  return withinSignal(promise, deadlineMs, never, what);
}
