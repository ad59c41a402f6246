/** One leased chunk, and whether it was settled. */
import type { Delivery } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { LeaseLost } from '../../runtime/errors.js';
import type { Session } from './session.js';

export class EmbeddedDelivery implements Delivery {
  readonly chunk: Chunk;
  readonly attempt: number;
  /** The coordinator's name for the chunk; with the attempt it names the lease. */
  readonly id: number;
  /** The connection that the lease ends with. */
  readonly session: Session;
  /** The verb that settles it; undefined while it is held. */
  settledBy: string | undefined;

  constructor(chunk: Chunk, id: number, attempt: number, session: Session) {
    this.chunk = chunk;
    this.id = id;
    this.attempt = attempt;
    this.session = session;
  }

  lost(): LeaseLost {
    const { runId, chunkId } = this.chunk;
    const why = this.session.alive
      ? 'its heartbeats came too late (STALE_THRESHOLD_MS), and another worker has it'
      : 'the connection to the coordinator broke, and with it every lease';
    return new LeaseLost(
      `chunk ${chunkId} of run ${runId} (attempt ${this.attempt}) is not leased to this worker any more: ${why}`,
    );
  }
}
