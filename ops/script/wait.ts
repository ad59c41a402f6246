/**
 * Waiting on an observation with a deadline: a read that failed is not an observation, and the last one is in the
 * error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { apiMessage, Stop } from './stop.js';

/** No single read may take longer where a caller sets no limit of its own: an API server may hang. */
const READ_LIMIT_MS = 15_000;
const LOOK_MS = 50;

type Awaitable<T> = Promise<T> | T;

/**
 * Waits for an observation up to a deadline; a read that failed is none. `what` completes the sentence "did not see …".
 */
export type Until = <T>(observe: () => Awaitable<T | false | undefined>, what: string) => Promise<T>;

/** What an observation gave: the value that was waited for, or how far it is. */
type Seen<T> = { readonly value: T } | { readonly state: string };

interface Patience {
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** How a failed read is told. */
  readonly describe: (thrown: unknown) => string;
  readonly say?: ((state: string) => void) | undefined;
}

/**
 * The one loop of all waiting. A `Stop` that the observation throws ends the waiting at once; any other error counts as
 * a failed read, and is tried again.
 * @returns the value, or what was seen last
 */
async function poll<T>(
  observe: () => Awaitable<Seen<T>>,
  { seconds, signal, everyMs, describe, say }: Patience,
): Promise<{ readonly value: T } | { readonly last: string; readonly failure: string }> {
  const deadline = performance.now() + seconds * 1000;
  const left = () => Math.max(0, deadline - performance.now());
  let last = 'nothing yet';
  for (;;) {
    signal.throwIfAborted();
    let failure = '';
    try {
      const seen = await observe();
      if ('value' in seen) return seen;
      last = seen.state;
      say?.(last);
    } catch (thrown) {
      if (thrown instanceof Stop) throw thrown;
      signal.throwIfAborted();
      failure = describe(thrown);
      say?.(`cannot read: ${failure}`.slice(0, 160));
    }
    if (left() === 0) return { last, failure };
    await sleep(Math.min(everyMs, left()), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

const afterFailure = (failure: string): string => (failure ? `; last read failed: ${failure}` : '');

export interface Observation {
  done: boolean;
  /** Shown while waiting, and in the error at the deadline. */
  state: string;
}

export interface WaitOptions {
  what: string;
  seconds: number;
  signal: AbortSignal;
  say?: (state: string) => void;
  everyMs?: number;
  remedy?: string;
  /** What to add to the error at the deadline, a log's end for instance. */
  explain?: () => Promise<string>;
}

/** Observes until it is done, and tells each state on the way. */
export async function waitFor<T extends Observation>(observe: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { what, seconds, signal, say, everyMs = 500, remedy, explain } = options;
  const deadline = performance.now() + seconds * 1000;
  const once = async (): Promise<Seen<T>> => {
    const limit = Math.min(READ_LIMIT_MS, Math.max(1000, deadline - performance.now()));
    const seen = await within(observe(), limit, signal);
    return seen.done ? { value: seen } : { state: seen.state };
  };
  const end = await poll(once, { seconds, signal, everyMs, describe: apiMessage, say });
  if ('value' in end) return end.value;
  const more = (await explain?.().catch(() => '')) ?? '';
  throw new Stop(
    `${what}: not within ${seconds} s; last observed: ${end.last}${afterFailure(end.failure)}${more}`,
    remedy,
  );
}

/**
 * Observes until there is a value other than undefined and false.
 * @param what completes the sentence "did not see …"
 */
export async function untilSeen<T>(
  observe: () => Awaitable<T | false | undefined>,
  what: string,
  seconds: number,
  signal: AbortSignal,
): Promise<T> {
  const once = async (): Promise<Seen<T>> => {
    const value = await observe();
    return value === undefined || value === false ? { state: String(value) } : { value };
  };
  const describe = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));
  const end = await poll(once, { seconds, signal, everyMs: LOOK_MS, describe });
  if ('value' in end) return end.value;
  throw new Stop(`did not see ${what} within ${seconds} s; last observation: ${end.last}${afterFailure(end.failure)}`);
}

/** The promise's value, or an error once it has taken too long. */
export async function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal, what = ''): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(() => {
    throw new Error(`${what ? `${what} took longer than` : 'no answer within'} ${Math.round(ms / 1000)} s`);
  });
  late.catch(() => {});
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}
