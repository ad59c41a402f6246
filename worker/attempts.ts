/** How often a chunk is tried before it is split or, as a single parameter, dead-lettered. */
import { size } from '../core/model/interval.js';
import type { Chunk } from '../core/model/chunk.js';

export interface Attempts {
  /** Of executions that ended in an error or at the time limit. */
  readonly failed: number;
  /** Of executions that ended with their process. */
  readonly died: number;
}

/**
 * A piece of a chunk that failed is not tried again but split: that kills nothing, and finds the parameter sooner. A
 * death at the first attempt may be a neighbour's doing, since only later ones are executed alone: it never decides,
 * not even with MAX_RETRIES=0.
 */
export function attemptsOf(chunk: Chunk, maxRetries: number): Attempts {
  if (chunk.piece && size(chunk) > 1) return { failed: 1, died: 2 };
  return { failed: 1 + maxRetries, died: Math.max(2, 1 + maxRetries) };
}
