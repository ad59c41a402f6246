/**
 * Waiting on an observation with a deadline: a read that failed is not an observation, and the last one is in the error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { apiMessage, Stop } from './stop.js';

const READ_LIMIT_MS = 15_000;

export interface Observation {
  done: boolean;
  /** shown while waiting, and in the error at the deadline */
  state: string;
}

/**
 * Observes until it is done. A `Stop` that the observation throws ends the waiting at once; any other error counts as
 * a failed read and is tried again.
 * @param options explain: what to add to the error at the deadline, a log's end for instance
 */
export async function waitFor<T extends Observation>(
  observe: () => Promise<T>,
  {
    what,
    seconds,
    signal,
    say,
    everyMs = 500,
    remedy,
    explain,
  }: {
    what: string;
    seconds: number;
    signal: AbortSignal;
    say?: (state: string) => void;
    everyMs?: number;
    remedy?: string;
    explain?: () => Promise<string>;
  },
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let state = 'nothing yet';
  let failure = '';
  do {
    signal.throwIfAborted();
    try {
      const seen = await limited(
        observe(),
        Math.min(READ_LIMIT_MS, Math.max(1000, deadline - performance.now())),
        signal,
      );
      if (seen.done) return seen;
      ({ state } = seen);
      failure = '';
      say?.(state);
    } catch (thrown) {
      if (thrown instanceof Stop) throw thrown;
      signal.throwIfAborted();
      failure = apiMessage(thrown);
      say?.(`cannot read: ${failure}`.slice(0, 160));
    }
    await sleep(Math.min(everyMs, Math.max(0, deadline - performance.now())), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
  } while (performance.now() < deadline);
  const more = await explain?.().catch(() => '');
  throw new Stop(
    `${what}: not within ${seconds} s; last observed: ${state}${failure ? `; last read failed: ${failure}` : ''}${more ?? ''}`,
    remedy,
  );
}

async function limited<T>(read: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(() => {
    throw new Error(`no answer within ${Math.round(ms / 1000)} s`);
  });
  late.catch(() => {});
  read.catch(() => {});
  try {
    return await Promise.race([read, late]);
  } finally {
    over.abort();
  }
}

/** Waits for an observation up to a deadline; a read that failed is none. `what` completes the sentence "did not see …". */
export type Until = <T>(
  observe: () => Promise<T | false | undefined> | T | false | undefined,
  what: string,
) => Promise<T>;

const LOOK_MS = 50;

/**
 * @param observe a read that fails is no observation; a Stop ends the waiting
 * @param what completes the sentence "did not see …"
 */
export async function untilSeen<T>(
  observe: () => Promise<T | false | undefined> | T | false | undefined,
  what: string,
  seconds: number,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last = 'nothing was observed';
  for (;;) {
    signal.throwIfAborted();
    try {
      const seen = await observe();
      if (seen !== undefined && seen !== false) return seen;
      last = `last observation: ${String(seen)}`;
    } catch (thrown) {
      if (thrown instanceof Stop) throw thrown;
      last = `last read failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
    if (performance.now() >= deadline) throw new Stop(`did not see ${what} within ${seconds} s; ${last}`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}
