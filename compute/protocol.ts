/** What the worker's main thread and its compute thread say to each other. */
import type { Interval } from '../core/model/interval.js';
import type { Outcome } from './executor.js';

/** How chunks are computed: given to the thread once, at its start. */
export interface ThreadOptions {
  readonly simulateWorkMs: number;
  readonly simulateFaultRate: number;
  /** A progress message each time this many parameters are done. */
  readonly progressEvery: number;
  /**
   * Two Int32: index of the task being computed, −1 between batches, and how many of its parameters are done, or one of
   * the two below. Shared, so that it outlives the thread.
   */
  readonly current: SharedArrayBuffer;
}

/** In place of the parameters done: the task's computation is being loaded. */
export const LOADING = -1;
/** In place of the parameters done: the thread has not begun. */
export const NOT_BEGUN = -2;

export interface Task extends Interval {
  /** Position within the batch. */
  readonly index: number;
  readonly computation: string;
  readonly keepValues: boolean;
}

export type FromThread =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[]; readonly done: boolean }
  | { readonly kind: 'progress'; readonly parameters: number };
