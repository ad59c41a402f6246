/** What the worker's main thread and its compute thread say to each other. */
import type { Interval } from '../core/model/interval.js';
import type { Outcome } from './executor.js';

/** How chunks are computed: given to the thread once, at its start. */
export interface ThreadOptions {
  readonly simulateWorkMs: number;
  readonly simulateFaultRate: number;
  /** A progress message each time this many parameters are done. */
  readonly progressEvery: number;
  /** SWEEP_FILE, which may be empty. */
  readonly sweepFile: string;
  /** Where the sources of sweeps are written. A thread that is terminated could not take one of its own away. */
  readonly sourceFolder: string | undefined;
  /** What starts Node again, for computations that fork: a thread does not inherit what worker/start.ts set. */
  readonly execArgv: readonly string[];
  /** Some Int32, see below. Shared, so that they outlive the thread. */
  readonly current: SharedArrayBuffer;
}

/** Places in `current`. */
export const AT = {
  /** Index of the task being computed, −1 between batches. */
  task: 0,
  /** How many of its parameters are done, or one of the two below. */
  done: 1,
  /** 1: the computation has asked for the signal, and is told when its time is over. */
  listens: 2,
  /** 1: a module wants to be told when the worker leaves. */
  teardown: 3,
} as const;

/** In place of the parameters done: the task's computation is being loaded. */
export const LOADING = -1;
/** In place of the parameters done: the thread has not begun. */
export const NOT_BEGUN = -2;

export interface Task extends Interval {
  /** Position within the batch. */
  readonly index: number;
  readonly runId: string;
  readonly computation: string;
  readonly keepValues: boolean;
}

export type ToThread =
  | { readonly kind: 'batch'; readonly tasks: readonly Task[] }
  /** Time is over. */
  | { readonly kind: 'abort' }
  /** The worker leaves. */
  | { readonly kind: 'leave' };

export type FromThread =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[]; readonly done: boolean }
  | { readonly kind: 'progress'; readonly parameters: number }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly fields: object; readonly message: string }
  | { readonly kind: 'left' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
