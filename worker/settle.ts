/** From outcome to settle: complete, retry, split or dead-letter, and what a lost lease or a lost broker means for each. */
import type { Delivery } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import { asError, ChunkError, ConfigError, LeaseLost } from '../core/runtime/errors.js';
import { size } from '../core/model/interval.js';
import type { Logger } from '../core/runtime/logger.js';
import { splitChunk } from '../core/model/split.js';
import { attemptsOf } from './attempts.js';
import type { LeaseKeeper } from './leases.js';
import type { Computed, Failure, Outcome } from '../compute/protocol.js';

export class Settler {
  readonly #config: Config;
  readonly #leases: LeaseKeeper;
  readonly #log: Logger;
  /** Asked once: objects made for lines that nobody sees are a part of a fast chunk's cost. */
  readonly #debug: boolean;
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
    this.#debug = log.isLevelEnabled('debug');
  }

  /**
   * Gives up what has used up its attempts before this delivery: its workers died and could not say so themselves.
   * @returns the deliveries that are left to execute
   */
  async refuseExhausted(deliveries: readonly Delivery[]): Promise<Delivery[]> {
    const batch: Delivery[] = [];
    for (const delivery of deliveries) {
      const most = attemptsOf(delivery.chunk, this.#config.MAX_RETRIES).died;
      if (delivery.attempt <= most) {
        batch.push(delivery);
        this.#unfinished.add(delivery);
        if (this.#debug)
          this.#log.debug(
            { run_id: delivery.chunk.runId, chunk_id: delivery.chunk.chunkId, attempt: delivery.attempt },
            'chunk started',
          );
      } else {
        const started = delivery.attempt - 1;
        const error = new ChunkError(
          `${started} attempts were started and did not end: the last worker died, or was cut off`,
          { retryable: false },
        );
        error.stack = ''; // ours would mislead: what happened left no trace
        await this.#run(delivery, () => this.#giveUp(delivery, error, started));
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
    this.#run(delivery, () =>
      'computed' in outcome ? this.#complete(delivery, outcome.computed) : this.#fail(delivery, outcome.failure),
    ).then(
      () => this.#through(),
      (thrown: unknown) => {
        this.#fatal ??= asError(thrown);
        this.#through();
      },
    );
  }

  #through(): void {
    if (--this.#pending === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Call after each batch: releases what got no outcome, and lets at most about one batch of settles run behind. */
  async batchDone(batch: readonly Delivery[]): Promise<void> {
    await this.giveBack([...this.#unfinished]);
    this.#unfinished.clear();
    const first = batch[0];
    if (first)
      this.#log.info(
        { run_id: first.chunk.runId, chunks: batch.length, first: first.chunk.chunkId, attempt: first.attempt },
        'batch done',
      );
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

  /** Not an async function, and so down to the broker: each would cost every chunk three more promises. */
  #run(delivery: Delivery, verb: () => Promise<void>): Promise<void> {
    const step = this.#leases.isLost(delivery)
      ? Promise.reject(new LeaseLost('the heartbeat found the lease taken'))
      : verb();
    return step.then(
      () => this.#leases.letGo(delivery),
      (thrown: unknown) => {
        this.#leases.letGo(delivery);
        if (!(thrown instanceof LeaseLost)) throw asError(thrown);
        this.#log.warn(
          { chunk_id: delivery.chunk.chunkId, attempt: delivery.attempt },
          'lease lost: result dropped, another worker has the chunk',
        );
      },
    );
  }

  #complete(delivery: Delivery, computed: Computed): Promise<void> {
    const { summary, digest, values, startedAt, completedAt, durationSeconds } = computed;
    const result = { summary, digest, startedAt, completedAt, durationSeconds, workerId: this.#config.workerName };
    const completed = delivery.complete(values ? { ...result, values } : result);
    if (!this.#debug) return completed;
    const fields = {
      chunk_id: delivery.chunk.chunkId,
      attempt: delivery.attempt,
      sum: computed.summary.sum,
      duration_seconds: computed.durationSeconds,
    };
    return completed.then(() => this.#log.debug(fields, 'chunk complete'));
  }

  async #fail(delivery: Delivery, failure: Failure): Promise<void> {
    if (failure.blame === 'worker') {
      // After an upgrade a worker of the old release meets chunks of a computation that only new ones have mounted.
      await delivery.release();
      throw new ConfigError(failure.message);
    }
    const error = new ChunkError(failure.message, { retryable: failure.retryable, parameter: failure.parameter });
    error.stack = failure.stack;
    if (failure.retryable && delivery.attempt < attemptsOf(delivery.chunk, this.#config.MAX_RETRIES).failed) {
      this.#log.warn(
        { ...fieldsOf(delivery), parameter: failure.parameter, error: failure.message },
        'chunk failed, will be tried again',
      );
      await delivery.retry(error);
    } else {
      await this.#giveUp(delivery, error, delivery.attempt);
    }
  }

  /** Only a parameter that stands alone is dead: what is good beside it shall have its result. */
  async #giveUp(delivery: Delivery, error: ChunkError, attempts: number): Promise<void> {
    const fields = { ...fieldsOf(delivery), parameter: error.parameter, error: error.message };
    if (size(delivery.chunk) > 1) {
      const pieces = splitChunk(delivery.chunk, error.parameter);
      this.#log.warn({ ...fields, pieces: pieces.map((piece) => piece.chunkId) }, 'chunk split');
      await delivery.split(pieces);
    } else {
      this.#log.error(fields, 'parameter dead-lettered');
      await delivery.deadLetter(error, this.#config.workerName, attempts);
    }
  }
}

function fieldsOf({ chunk, attempt }: Delivery): Record<string, unknown> {
  return { run_id: chunk.runId, chunk_id: chunk.chunkId, start_param: chunk.start, end_param: chunk.end, attempt };
}
