/** Names in Redis, their `ttg` replaced by QUEUE_PREFIX. */
import type { Config } from '../../runtime/config.js';

export interface Keys {
  readonly tasks: string;
  readonly group: string;
  readonly log: string;
  readonly dlq: string;
  /** Stream: the chunks of halted runs. */
  readonly parked: string;
  /** Hash: run id → how many of its parameters were dead-lettered and not replayed since. */
  readonly dead: string;
  /** Hash: run id → why the run takes no chunks. */
  readonly halted: string;
  /** Hash: run id → newest plan as JSON. */
  readonly metadata: string;
  readonly lock: string;
  /** Bits of the windows published under one lock. */
  windows(token: string): string;
  /** Id up to which the holder of this lock knows the queue. */
  known(token: string): string;
  /** Followed by a run id: sorted set of the parameters that others queued since. */
  others(token: string): string;
  /** Sorted set of the parameters of a run that have a result, as intervals; must go when the run's log goes. */
  done(runId: string): string;
}

/**
 * Consumers that no process is. What is passed to them is nobody's lease, and falls due when it has been idle for
 * STALE_THRESHOLD_MS. A pod's name has no tilde.
 */
export const DELAYED = '~delayed';
export const RELEASED = '~released';

export function keysFor({ QUEUE_PREFIX: prefix }: Pick<Config, 'QUEUE_PREFIX'>): Keys {
  return {
    tasks: `${prefix}:tasks`,
    group: `${prefix}-workers`,
    log: `${prefix}:results`,
    dlq: `${prefix}:tasks:dlq`,
    parked: `${prefix}:tasks:parked`,
    dead: `${prefix}:dead`,
    halted: `${prefix}:halted`,
    metadata: `${prefix}:metadata`,
    lock: `${prefix}:seeder`,
    windows: (token) => `${prefix}:seeder:${token}`,
    known: (token) => `${prefix}:seeder:${token}:known`,
    others: (token) => `${prefix}:seeder:${token}:others:`,
    done: (runId) => `${prefix}:done:${runId}`,
  };
}
