/** How chunks become results: the loop, leases and settling know nothing of threads and processes. */
import type { Chunk } from '../core/model/chunk.js';
import type { Result } from '../core/wire/records.js';

export interface Executor extends AsyncDisposable {
  /** Starts what computes before there is work for it. */
  warmUp(): void;
  /** How many chunks, as those of the last batch were, it computes side by side; 1 when omitted. */
  readonly parallel?: number;
  /** Resolves when every chunk has its outcome, or the signal has ended the batch. */
  execute(chunks: readonly Chunk[], options: ExecuteOptions): Promise<void>;
}

export interface ExecuteOptions {
  /** Called with outcomes as they come, with each chunk's once. A chunk without an outcome was not finished. */
  readonly settled: (outcomes: readonly Outcome[]) => void;
  /** Ends the batch: what is not finished gets no outcome. */
  readonly signal: AbortSignal;
}

export type Computed = Omit<Result, 'workerId'>;

/** What became of one chunk of a batch. */
export type Outcome =
  { readonly index: number; readonly computed: Computed } | { readonly index: number; readonly failure: Failure };

/**
 * What is to blame. `parameter`: computing one of them failed. `computation`: it cannot be loaded, so that every other
 * chunk of it fails likewise. `worker`: this worker does not have the computation, another one may.
 */
export type Blame = 'parameter' | 'computation' | 'worker';

export interface Failure {
  readonly message: string;
  /** Empty where the failure left no trace. */
  readonly stack: string;
  /** The end of what a program printed on standard error. */
  readonly output?: string;
  readonly blame: Blame;
  /** false when a further attempt cannot end otherwise. */
  readonly retryable: boolean;
  /** The one that was being computed, where that is known. */
  readonly parameter?: number;
}
