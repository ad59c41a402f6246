/** One leased chunk, settled once. */
import type { Delivery, Hooks } from '../port.js';
import { type ChunkError, LeaseLost } from '../../runtime/errors.js';
import type { Chunk } from '../../model/chunk.js';
import type { Result, ResultRecord } from '../../wire/records.js';
import type { Lease, Settler } from './settler.js';

export class RedisDelivery implements Delivery {
  readonly chunk: Chunk;
  readonly attempt: number;
  readonly #lease: Lease;
  readonly #settler: Settler;
  readonly #ended: (lease: Lease) => void;
  readonly #hooks: Hooks;
  #settledBy: string | undefined;

  /** @param ended called once when the lease is over by a settle */
  constructor(chunk: Chunk, lease: Lease, settler: Settler, ended: (lease: Lease) => void, hooks: Hooks) {
    this.chunk = chunk;
    this.attempt = lease.count;
    this.#lease = lease;
    this.#settler = settler;
    this.#ended = ended;
    this.#hooks = hooks;
  }

  complete(result: Result): Promise<void> {
    const { runId, chunkId, start, end } = this.chunk;
    const { summary, digest, values, workerId, startedAt, completedAt, durationSeconds } = result;
    // Spreading would cost more than all else that happens here.
    const record: ResultRecord = {
      kind: 'result',
      runId,
      chunkId,
      start,
      end,
      attempt: this.attempt,
      summary,
      digest,
      workerId,
      startedAt,
      completedAt,
      durationSeconds,
    };
    return this.#settle('complete', () => this.#settler.complete(this.#lease, values ? { ...record, values } : record));
  }

  /** The error is the caller's to log: the queue keeps none until the chunk is dead. */
  retry(_error: ChunkError): Promise<void> {
    return this.#settle('retry', () => this.#settler.retry(this.#lease));
  }

  split(pieces: readonly Chunk[]): Promise<void> {
    return this.#settle('split', () => this.#settler.split(this.#lease, pieces));
  }

  deadLetter(error: ChunkError, workerId: string, attempts = this.attempt): Promise<void> {
    const { runId, chunkId, start, end } = this.chunk;
    return this.#settle('deadLetter', () =>
      this.#settler.bury(this.#lease, {
        kind: 'dead',
        runId,
        chunkId,
        start,
        end,
        attempts,
        workerId,
        error: error.message,
        stackId: '',
        stack: error.stack ?? '',
        completedAt: new Date().toISOString(),
      }),
    );
  }

  release(): Promise<void> {
    return this.#settle('release', () => this.#settler.release(this.#lease));
  }

  async extendLease(): Promise<void> {
    if (await this.#settler.extend(this.#lease)) return;
    // A heartbeat may overtake nothing, but it may well come after the settle that ended the lease.
    if (this.#settledBy !== undefined) return;
    throw this.#lost();
  }

  /** Gives back what is not settled yet. For disposal: a settle under way wins, or finds its lease gone. */
  async abandon(): Promise<void> {
    this.#settledBy ??= 'release';
    await this.#settler.release(this.#lease);
  }

  /** One promise, not an async function's four: it runs for every chunk. */
  #settle(verb: string, step: () => Promise<boolean>): Promise<void> {
    if (this.#settledBy !== undefined) {
      return Promise.reject(
        new Error(
          `${verb} of chunk ${this.chunk.chunkId}, which was settled by ${this.#settledBy} before: a delivery is settled once`,
        ),
      );
    }
    this.#settledBy = verb;
    return step().then((held) => {
      if (held && verb === 'complete') this.#hooks.recorded?.(this.chunk);
      this.#ended(this.#lease);
      if (!held) throw this.#lost();
    });
  }

  #lost(): LeaseLost {
    const { runId, chunkId } = this.chunk;
    return new LeaseLost(`the lease of chunk ${chunkId} (run ${runId}, attempt ${this.attempt}) went to someone else`);
  }
}
