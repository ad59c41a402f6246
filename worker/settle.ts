/** From outcome to settle: complete, retry or dead-letter, and what a lost lease or a lost broker means for each. */
import type { Delivery } from '../core/broker.js';
import type { Config } from '../core/config.js';
import { asError, ChunkError, ConfigError, LeaseLost } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { LeaseKeeper } from './lease.js';
import type { Computed, Failure, Outcome } from './protocol.js';

export class Settler {
  readonly #config: Config;
  readonly #leases: LeaseKeeper;
  readonly #log: Logger;
  /** Settles under way: a batch computes while the one before it is being settled. */
  #pending = 0;
  /** Who waits until there are none. */
  #waiting: (() => void)[] = [];
  readonly #unfinished = new Set<Delivery>();
  #fatal: Error | undefined;

  constructor(config: Config, leases: LeaseKeeper, log: Logger) {
    this.#config = config;
    this.#leases = leases;
    this.#log = log;
  }

  /**
   * Dead-letters what has used up its attempts before this delivery: its workers died and could not say so themselves.
   * @returns the deliveries that are left to execute
   */
  async refuseExhausted(deliveries: readonly Delivery[]): Promise<Delivery[]> {
    const most = 1 + this.#config.MAX_RETRIES;
    const batch: Delivery[] = [];
    for (const delivery of deliveries) {
      if (delivery.attempt <= most) {
        batch.push(delivery);
        this.#unfinished.add(delivery);
        this.#log.debug({ run_id: delivery.chunk.runId, chunk_id: delivery.chunk.chunkId, attempt: delivery.attempt }, 'chunk started');
      } else {
        const error = new ChunkError(`${most} attempts were started and none ended: the worker died, or was stopped, each time`, { retryable: false });
        await this.#run(delivery, () => this.#deadLetter(delivery, error));
      }
    }
    return batch;
  }

  /** Releases what was not begun. */
  async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    await Promise.all(deliveries.map((delivery) => this.#run(delivery, () => delivery.release())));
  }

  /** Begins to settle; errors that matter come out of `batchDone` or `settled`. */
  settle(delivery: Delivery, outcome: Outcome): void {
    this.#unfinished.delete(delivery);
    this.#pending++;
    void this.#settleOne(delivery, outcome);
  }

  async #settleOne(delivery: Delivery, outcome: Outcome): Promise<void> {
    try {
      await this.#run(delivery, () => ('computed' in outcome ? this.#complete(delivery, outcome.computed) : this.#fail(delivery, outcome.failure)));
    } catch (thrown) {
      this.#fatal ??= asError(thrown);
    }
    if (--this.#pending === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Call after each batch: releases what got no outcome, and lets at most about one batch of settles run behind. */
  async batchDone(batch: readonly Delivery[]): Promise<void> {
    await this.giveBack([...this.#unfinished]);
    this.#unfinished.clear();
    const first = batch[0];
    if (first) this.#log.info({ run_id: first.chunk.runId, chunks: batch.length, first: first.chunk.chunkId, attempt: first.attempt }, 'batch done');
    if (this.#pending > batch.length) await this.settled();
    this.#check();
  }

  /** All settles so far are through. */
  async settled(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((wake) => this.#waiting.push(wake));
    this.#check();
  }

  /** Failing to settle is fatal: the pod ends, its leases lapse, and someone whose broker answers takes over. */
  #check(): void {
    if (this.#fatal instanceof ConfigError) throw this.#fatal;
    if (this.#fatal) throw new Error(`could not settle: ${this.#fatal.message}`, { cause: this.#fatal });
  }

  async #run(delivery: Delivery, verb: () => Promise<void>): Promise<void> {
    try {
      if (!this.#leases.isLost(delivery)) await verb();
      else throw new LeaseLost('the heartbeat found the lease taken');
    } catch (thrown) {
      if (!(thrown instanceof LeaseLost)) throw thrown;
      this.#log.warn({ chunk_id: delivery.chunk.chunkId, attempt: delivery.attempt }, 'lease lost: result dropped, another worker has the chunk');
    } finally {
      this.#leases.letGo(delivery);
    }
  }

  async #complete(delivery: Delivery, computed: Computed): Promise<void> {
    await delivery.complete({ ...computed, workerId: this.#config.workerName });
    this.#log.debug({ chunk_id: delivery.chunk.chunkId, attempt: delivery.attempt, sum: computed.summary.sum, duration_seconds: computed.durationSeconds }, 'chunk complete');
  }

  async #fail(delivery: Delivery, failure: Failure): Promise<void> {
    if (failure.blame === 'worker') {
      // After an upgrade a worker of the old release meets chunks of a computation that only new ones have mounted.
      await delivery.release();
      throw new ConfigError(failure.message);
    }
    const error = new ChunkError(failure.message, { retryable: failure.retryable, parameter: failure.parameter });
    if (failure.stack) error.stack = failure.stack;
    const fields = { chunk_id: delivery.chunk.chunkId, attempt: delivery.attempt, parameter: failure.parameter, error: failure.message };
    if (failure.retryable && delivery.attempt <= this.#config.MAX_RETRIES) {
      this.#log.warn(fields, 'chunk failed, will be tried again');
      await delivery.retry(error);
    } else {
      await this.#deadLetter(delivery, error);
    }
  }

  async #deadLetter(delivery: Delivery, error: ChunkError): Promise<void> {
    const { chunkId, start, end } = delivery.chunk;
    this.#log.error({ chunk_id: chunkId, start_param: start, end_param: end, attempt: delivery.attempt, error: error.message }, 'chunk dead-lettered');
    await delivery.deadLetter(error, this.#config.workerName);
  }
}
