/** One leased chunk, and whether it was settled. */
import type { Delivery } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { LeaseLost } from '../../runtime/errors.js';

/** What the fence compares: the entry, and how often it has been delivered. */
export interface Lease {
  readonly id: string;
  readonly count: number;
}

export class RedisDelivery implements Delivery {
  readonly chunk: Chunk;
  readonly lease: Lease;
  /** The verb that settles it; undefined while it is held. */
  settledBy: string | undefined;

  constructor(chunk: Chunk, lease: Lease) {
    this.chunk = chunk;
    this.lease = lease;
  }

  get attempt(): number {
    return this.lease.count;
  }

  /** Redis tells only that the entry is not this worker's any more. */
  lost(): LeaseLost {
    const { runId, chunkId } = this.chunk;
    return new LeaseLost(
      `chunk ${chunkId} of run ${runId} (attempt ${this.attempt}) is not leased to this worker any more: its heartbeats ` +
        'came too late (STALE_THRESHOLD_MS; chart: worker.staleThresholdMs), and another worker has it',
    );
  }
}
