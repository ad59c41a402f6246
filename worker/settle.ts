/**
 * From outcomes to settlements: complete, retry, split or dead-letter, and what a lost lease or a lost broker means for
 * each.
 */
import type { Computed, Failure, Outcome } from '../compute/executor.js';
import type { Broker, Delivery, Settlement } from '../core/broker/port.js';
import { size } from '../core/model/interval.js';
import { splitChunk } from '../core/model/split.js';
import type { Config } from '../core/runtime/config.js';
import { asError, ChunkError, LeaseLost, Unrecordable } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import { attemptsOf } from './attempts.js';
import type { Halts } from './halts.js';
import type { Leases } from './leases.js';
import { shortMessage, Stacks } from './stacks.js';

export interface SettlerOptions {
  readonly broker: Pick<Broker, 'settle'>;
  readonly config: Pick<Config, 'MAX_RETRIES' | 'workerName'>;
  readonly leases: Leases;
  readonly halts: Halts;
  readonly log: Logger;
}

export class Settler {
  readonly #options: SettlerOptions;
  readonly #stacks = new Stacks();
  readonly #unfinished = new Set<Delivery>();
  /** Computations that this worker does not have: it leaves, so that one which has them comes. */
  readonly #absent = new Set<string>();
  /** Deliveries whose settling is under way: a batch computes while the one before it is being settled. */
  #pending = 0;
  /** Who waits until there are none. */
  #waiting: (() => void)[] = [];
  #fatal: Error | undefined;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** Why this worker is of no use any more; undefined while it is. */
  get misfit(): string | undefined {
    const [first] = this.#absent;
    return first && `it does not have computation ${first}, as a worker of an older release`;
  }

  /**
   * Settles what is not to be executed: chunks of halted runs, and those that used up their attempts before this
   * delivery, since their workers died and could not say so themselves.
   * @returns the deliveries that are left to execute
   */
  async sort(deliveries: readonly Delivery[]): Promise<Delivery[]> {
    const { halts, config, log } = this.#options;
    const batch: Delivery[] = [];
    const refused: Settlement[] = [];
    for (const delivery of deliveries) {
      const { chunk, attempt } = delivery;
      const verb = halts.verb(chunk.runId);
      if (verb) refused.push({ delivery, verb });
      else if (attempt <= attemptsOf(chunk, config.MAX_RETRIES).died) batch.push(delivery);
      else refused.push(this.#giveUp(delivery, exhausted(attempt - 1), attempt - 1));
    }
    await this.#carryOut(refused);
    if (log.isLevelEnabled('debug')) for (const delivery of batch) log.debug(fieldsOf(delivery), 'chunk started');
    for (const delivery of batch) this.#unfinished.add(delivery);
    return batch;
  }

  /** Releases what was not begun. */
  async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    await this.#carryOut(deliveries.map((delivery) => ({ delivery, verb: 'release' })));
  }

  /** Begins to settle; errors that matter come out of `batchDone` or `settled`. */
  settle(batch: readonly Delivery[], outcomes: readonly Outcome[]): void {
    const settlements = this.#settlementsOf(batch, outcomes);
    for (const { delivery } of settlements) this.#unfinished.delete(delivery);
    this.#pending += settlements.length;
    const through = (): void => {
      this.#pending -= settlements.length;
      if (this.#pending === 0) for (const wake of this.#waiting.splice(0)) wake();
    };
    this.#carryOut(settlements).then(through, (thrown: unknown) => {
      this.#fatal ??= asError(thrown);
      through();
    });
  }

  /** Call after each batch: settles what got no outcome, and lets at most about one batch of settles run behind. */
  async batchDone(batch: readonly Delivery[]): Promise<void> {
    const { halts, log } = this.#options;
    const left = [...this.#unfinished];
    this.#unfinished.clear();
    await this.#carryOut(
      left.map((delivery) => ({ delivery, verb: halts.verb(delivery.chunk.runId) ?? ('release' as const) })),
    );
    const first = batch[0];
    if (first) {
      const { runId, chunkId } = first.chunk;
      log.info({ run_id: runId, chunks: batch.length, first: chunkId, attempt: first.attempt }, 'batch done');
    }
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
    if (this.#fatal) throw new Error(`could not settle: ${this.#fatal.message}`, { cause: this.#fatal });
  }

  async #carryOut(settlements: readonly Settlement[]): Promise<void> {
    const { broker, leases, halts } = this.#options;
    const open = settlements.filter((settlement) => {
      const lost = leases.lost(settlement.delivery);
      if (lost) this.#tellLost(settlement.delivery, lost);
      return !lost;
    });
    if (open.length === 0) return;
    const again: Settlement[] = [];
    const died = new Set<string>();
    const answers = await broker.settle(open);
    for (const [i, settlement] of open.entries()) {
      const { delivery, verb } = settlement;
      const error = answers[i];
      if (error instanceof Unrecordable) {
        again.push(this.#giveUp(delivery, new ChunkError(error.message, { retryable: false }), delivery.attempt));
        continue;
      }
      leases.letGo(delivery);
      if (error instanceof LeaseLost) this.#tellLost(delivery, error);
      else if (error) throw error;
      else if (verb === 'dead-letter') died.add(delivery.chunk.runId);
      else if (verb === 'complete') this.#tellComplete(delivery, settlement.result);
    }
    if (again.length > 0) await this.#carryOut(again);
    if (died.size > 0) await halts.afterDeaths(died);
  }

  #settlementsOf(batch: readonly Delivery[], outcomes: readonly Outcome[]): Settlement[] {
    const { workerName } = this.#options.config;
    // One chunk pays for a computation that cannot be loaded; all others are as good as they were.
    const unloadable = new Set<string>();
    return outcomes.map((outcome): Settlement => {
      const delivery = batch[outcome.index] as Delivery;
      if ('computed' in outcome) {
        const { summary, digest, values, startedAt, completedAt, durationSeconds } = outcome.computed;
        const result = { summary, digest, startedAt, completedAt, durationSeconds, workerId: workerName };
        return { delivery, verb: 'complete', result: values ? { ...result, values } : result };
      }
      const { failure } = outcome;
      if (failure.blame === 'parameter') return this.#failed(delivery, failure);
      const { computation } = delivery.chunk;
      if (failure.blame === 'worker') this.#absent.add(computation);
      if (unloadable.has(computation)) return { delivery, verb: 'release' };
      unloadable.add(computation);
      return this.#failed(delivery, failure);
    });
  }

  #failed(delivery: Delivery, failure: Failure): Settlement {
    const { config, log } = this.#options;
    const error = new ChunkError(shortMessage(failure.message), {
      retryable: failure.retryable,
      parameter: failure.parameter,
    });
    error.stack = failure.stack;
    const attempts = attemptsOf(delivery.chunk, config.MAX_RETRIES).failed;
    if (failure.retryable && delivery.attempt < attempts) {
      const fields = { ...fieldsOf(delivery), parameter: failure.parameter, error: error.message };
      log.warn(fields, 'chunk failed, will be tried again');
      return { delivery, verb: 'retry', error };
    }
    // Each part of a chunk whose computation cannot be loaded would fail the same way.
    if (failure.blame !== 'parameter') return this.#deadLetter(delivery, error, delivery.attempt);
    return this.#giveUp(delivery, error, delivery.attempt);
  }

  /** Only a parameter that stands alone is dead: what is good beside it shall have its result. */
  #giveUp(delivery: Delivery, error: ChunkError, attempts: number): Settlement {
    if (size(delivery.chunk) === 1) return this.#deadLetter(delivery, error, attempts);
    const pieces = splitChunk(delivery.chunk, error.parameter);
    this.#options.log.warn(
      {
        ...fieldsOf(delivery),
        parameter: error.parameter,
        error: error.message,
        pieces: pieces.map((piece) => piece.chunkId),
      },
      'chunk split',
    );
    return { delivery, verb: 'split', pieces };
  }

  #deadLetter(delivery: Delivery, error: ChunkError, attempts: number): Settlement {
    const { config, log } = this.#options;
    const what = size(delivery.chunk) === 1 ? 'parameter dead-lettered' : 'chunk dead-lettered as a whole';
    log.error({ ...fieldsOf(delivery), error: error.message }, what);
    const death = { error, attempts, workerId: config.workerName, ...this.#stacks.record(error.stack ?? '') };
    return { delivery, verb: 'dead-letter', death };
  }

  #tellLost(delivery: Delivery, lost: LeaseLost): void {
    const { chunk, attempt } = delivery;
    const what = lost.recorded ? 'lease lost, result recorded late' : 'lease lost, result dropped';
    this.#options.log.warn({ chunk_id: chunk.chunkId, attempt, reason: lost.message }, what);
  }

  #tellComplete({ chunk, attempt }: Delivery, { summary, durationSeconds }: Computed): void {
    const { log } = this.#options;
    if (!log.isLevelEnabled('debug')) return;
    const fields = { chunk_id: chunk.chunkId, attempt, sum: summary.sum, duration_seconds: durationSeconds };
    log.debug(fields, 'chunk complete');
  }
}

function exhausted(started: number): ChunkError {
  const error = new ChunkError(
    `${started} attempts were started and did not end: the last worker died, or was cut off`,
    { retryable: false },
  );
  // That of this process would mislead: what happened left no trace.
  error.stack = '';
  return error;
}

function fieldsOf({ chunk, attempt }: Delivery): Record<string, unknown> {
  return {
    run_id: chunk.runId,
    chunk_id: chunk.chunkId,
    start_param: chunk.start,
    end_param: chunk.end,
    attempt,
  };
}
