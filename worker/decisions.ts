/** What becomes of a chunk: from its outcome, or its attempts so far, to complete, retry, split or dead-letter. */
import type { Failure, Outcome } from '../compute/executor.js';
import type { Delivery, Settlement } from '../core/broker/port.js';
import { size } from '../core/model/interval.js';
import { splitChunk } from '../core/model/split.js';
import type { Config } from '../core/runtime/config.js';
import { ChunkError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import { plural } from '../core/runtime/words.js';
import { attemptsOf } from './attempts.js';
import { shortMessage, Stacks } from './stacks.js';

/** A computation that could not be started so often, by one worker or by several, cannot be started. */
const MOST_STARTS = 2;

export class Decisions {
  readonly #config: Pick<Config, 'MAX_RETRIES' | 'workerName'>;
  readonly #log: Logger;
  readonly #stacks = new Stacks();
  /** Computations that this worker does not have: it leaves, so that one which has them comes. */
  readonly #absent = new Set<string>();
  /** Runs whose computation cannot start, and why. */
  #broken = new Map<string, string>();

  constructor(config: Pick<Config, 'MAX_RETRIES' | 'workerName'>, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  /** Why this worker is of no use any more; undefined while it is. */
  get misfit(): string | undefined {
    const [first] = this.#absent;
    return first && `it does not have computation ${first}, as a worker of an older release`;
  }

  /** Runs that have to be halted, since nothing of them can be computed: each with the reason, and each told once. */
  takeBroken(): ReadonlyMap<string, string> {
    const broken = this.#broken;
    if (broken.size > 0) this.#broken = new Map();
    return broken;
  }

  /** Set where a delivery used up its attempts before: its workers died, and could not say so themselves. */
  beforeComputing(delivery: Delivery): Settlement | undefined {
    const { chunk, attempt } = delivery;
    if (attempt <= attemptsOf(chunk, this.#config.MAX_RETRIES).died) return undefined;
    const started = attempt - 1;
    const error = new ChunkError(
      `${plural(started, 'attempt')} ${started === 1 ? 'was' : 'were'} started and did not end: the ` +
        `${started === 1 ? '' : 'last '}worker ` +
        'died, or was cut off',
      { retryable: false },
    );
    // That of this process would mislead: what happened left no trace.
    error.stack = '';
    return this.#giveUp(delivery, error, started);
  }

  /** In the order of the outcomes. */
  afterComputing(batch: readonly Delivery[], outcomes: readonly Outcome[]): Settlement[] {
    const { workerName } = this.#config;
    // One chunk pays for a computation that cannot be loaded; all others are as good as they were.
    const unloadable = new Set<string>();
    return outcomes.map((outcome): Settlement => {
      const delivery = batch[outcome.index] as Delivery;
      if ('computed' in outcome) {
        return { delivery, verb: 'complete', result: { ...outcome.computed, workerId: workerName } };
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

  /** The broker will never take this: set where it may take something else for the delivery. */
  afterRefusal({ delivery, verb }: Settlement, refusal: Error): Settlement | undefined {
    if (verb === 'dead-letter' && size(delivery.chunk) === 1) return undefined;
    return this.#giveUp(delivery, new ChunkError(refusal.message, { retryable: false }), delivery.attempt);
  }

  /** This was not settled. The stack that it would have recorded goes with the next death of the kind. */
  undone(settlement: Settlement): void {
    if (settlement.verb === 'dead-letter') this.#stacks.forget(settlement.death.stackId);
  }

  #failed(delivery: Delivery, failure: Failure): Settlement {
    const error = new ChunkError(shortMessage(failure.message), {
      retryable: failure.retryable,
      parameter: failure.parameter,
      output: failure.output,
    });
    error.stack = failure.stack;
    const attempts = attemptsOf(delivery.chunk, this.#config.MAX_RETRIES).failed;
    // What cannot start here may start elsewhere, once. Parameters are not to blame, and none of them shall die.
    const cannotStart = failure.blame === 'computation' && !failure.retryable;
    const most = cannotStart ? Math.min(MOST_STARTS, attempts) : attempts;
    if ((failure.retryable || cannotStart) && delivery.attempt < most) {
      const fields = { ...fieldsOf(delivery), parameter: failure.parameter, error: error.message };
      this.#log.warn(fields, 'chunk failed, will be tried again');
      return { delivery, verb: 'retry', error };
    }
    if (cannotStart) {
      this.#broken.set(delivery.chunk.runId, error.message);
      return { delivery, verb: 'release' };
    }
    // Each part of a chunk whose computation cannot be loaded would fail the same way.
    if (failure.blame !== 'parameter') return this.#deadLetter(delivery, error, delivery.attempt);
    return this.#giveUp(delivery, error, delivery.attempt);
  }

  /** Only a parameter that stands alone is dead: what is good beside it shall have its result. */
  #giveUp(delivery: Delivery, error: ChunkError, attempts: number): Settlement {
    if (size(delivery.chunk) === 1) return this.#deadLetter(delivery, error, attempts);
    const pieces = splitChunk(delivery.chunk, error.parameter);
    const ids = pieces.map((piece) => piece.chunkId);
    const fields = { ...fieldsOf(delivery), parameter: error.parameter, error: error.message, pieces: ids };
    this.#log.warn(fields, 'chunk split');
    return { delivery, verb: 'split', pieces };
  }

  #deadLetter(delivery: Delivery, error: ChunkError, attempts: number): Settlement {
    const what = size(delivery.chunk) === 1 ? 'parameter dead-lettered' : 'chunk dead-lettered as a whole';
    this.#log.error({ ...fieldsOf(delivery), error: error.message }, what);
    const stack = this.#stacks.record(error.stack ?? '', error.output);
    return { delivery, verb: 'dead-letter', death: { error, attempts, workerId: this.#config.workerName, ...stack } };
  }
}

/** What log lines say of a delivery. */
export function fieldsOf({ chunk, attempt }: Delivery): Record<string, unknown> {
  return {
    run_id: chunk.runId,
    chunk_id: chunk.chunkId,
    start_param: chunk.start,
    end_param: chunk.end,
    attempt,
  };
}
