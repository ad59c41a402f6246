/**
 * When a worker that finds no work leaves: at once when all is done, soon when others do the rest, later when someone
 * may have died.
 */
import type { Depth } from '../core/broker/port.js';
import type { BatchSize } from './batch-size.js';

/** How long to look on at least while others finish the rest. */
const LOOK_ON_MS = 1500;
/** What a broker needs beside its own threshold until it tells. */
const TELLING_MS = 500;
/** How long a receive waits before the next look: the first one comes soon, since mostly the run is simply over. */
const FIRST_WAIT_MS = 200;
const WAIT_MS = 500;

export type Verdict = 'stay' | 'drained' | 'others finish the rest' | 'idle timeout';

export interface ExitPolicyOptions {
  readonly timeoutSeconds: number;
  /** Unfinished chunks that justify one worker, by the scaler's rule. */
  readonly chunksPerWorker: number;
  /**
   * After so long a silent worker shows. The scaler counts it as one of those at work and sends nobody in its place, so
   * the last ones to be idle must not have left by then.
   */
  readonly silenceMs: number;
  /** How far the broker's count of leased chunks may be behind. */
  readonly lagMs: number;
}

export class ExitPolicy {
  readonly #timeoutMs: number;
  readonly #lookOnMs: number;
  readonly #lagMs: number;
  readonly #chunksPerWorker: number;
  readonly #batchSize: Pick<BatchSize, 'oneByOne'>;
  readonly #now: () => number;
  #since: number | undefined;

  /** @param now milliseconds of a monotonic clock */
  constructor(
    { timeoutSeconds, chunksPerWorker, silenceMs, lagMs }: ExitPolicyOptions,
    batchSize: Pick<BatchSize, 'oneByOne'>,
    now: () => number,
  ) {
    this.#timeoutMs = timeoutSeconds * 1000;
    this.#lookOnMs = Math.max(LOOK_ON_MS, silenceMs + TELLING_MS);
    this.#lagMs = lagMs;
    this.#chunksPerWorker = chunksPerWorker;
    this.#batchSize = batchSize;
    this.#now = now;
  }

  /** Milliseconds that the next receive should wait for work. */
  get waitMs(): number {
    return this.#since === undefined ? FIRST_WAIT_MS : WAIT_MS;
  }

  /** There was work. */
  busy(): void {
    this.#since = undefined;
  }

  /** A receive found nothing. @param depth undefined where the broker could not be asked */
  look(depth: Depth | undefined): Verdict {
    const now = this.#now();
    const idleMs = now - (this.#since ??= now);
    // Where others may hold many chunks unseen, a count that is behind must have had the time to tell.
    const told = this.#batchSize.oneByOne || idleMs >= this.#lagMs;
    if (depth && told && depth.ready + depth.leased + depth.delayed === 0) return 'drained';
    if (idleMs >= this.#timeoutMs) return 'idle timeout';
    if (!depth) return 'stay';
    // Work that falls due soon, or a lease that looks orphaned: leaving now would make KEDA start a pod in our place.
    if (depth.ready > 0 || depth.delayed > 0 || depth.stale > 0) return 'stay';
    if (this.#isWanted(depth)) return 'stay';
    return idleMs >= this.#lookOnMs ? 'others finish the rest' : 'stay';
  }
  /**
   * The scaler counts what others hold: where it wants more workers than those that hold it, one that leaves is
   * replaced by a newcomer that finds nothing, looks on, leaves, and comes back.
   */
  #isWanted({ leased, holders }: Depth): boolean {
    const wanted = Math.ceil(leased / this.#chunksPerWorker);
    // Where nobody tells who holds how many: each one, if chunks have always been slow; else one of them may hold all.
    return wanted > (holders ?? (this.#batchSize.oneByOne ? leased : 1));
  }
}
