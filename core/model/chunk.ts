/** A chunk: a piece of a run that travels as one message. */
import type { Interval } from './interval.js';

/** A piece of a run as one message. It carries every fact of the plan that a worker needs. */
export interface Chunk extends Interval {
  readonly runId: string;
  readonly chunkId: string;
  readonly computation: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}
