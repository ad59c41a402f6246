/** A chunk: a piece of a run that travels as one message. */
import type { Interval } from './interval.js';

/** A piece of a run as one message. It carries every fact of the plan that a worker needs. */
export interface Chunk extends Interval {
  readonly runId: string;
  readonly chunkId: string;
  readonly computation: string;
  /** Whether each value goes into the record, not only sum, count, minimum, maximum and digest. */
  readonly keepValues: boolean;
  /** Less than a chunk of the plan's grid: a gap that was published again, or a part of a chunk that was split. */
  readonly piece: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}
