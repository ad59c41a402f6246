/** The queue worker's loop: receive, execute, settle, until the queue is drained or the process is asked to stop. */
import type { Executor } from '../compute/executor.js';
import type { Broker, Delivery } from '../core/broker/port.js';
import { delay } from '../core/runtime/backoff.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/logger.js';
import { BatchSize } from './batch-size.js';
import { ExitPolicy } from './exit-policy.js';
import { Halts } from './halts.js';
import { Leases } from './leases.js';
import { Settler } from './settle.js';

/** A batch that takes longer than this was not as fast as those before it: what was read ahead goes to others. */
const SLOW_BATCH_MS = 1000;
/** How long a worker that holds all it may waits before it looks whether that changed. */
const FULL_MS = 5;

export interface ConsumeOptions {
  readonly broker: Broker;
  readonly executor: Executor;
  readonly config: Config;
  readonly log: Logger;
  /** Stop receiving, finish what is held. */
  readonly stop: AbortSignal;
  /** Give back what is still held: the time to compute is over. */
  readonly giveUp: AbortSignal;
}

/** Resolves with the reason for which the worker left. */
export async function consume(options: ConsumeOptions): Promise<string> {
  const { broker, executor, config, log, stop, giveUp } = options;
  const halts = new Halts(broker, log);
  let current: CurrentBatch | undefined;
  using leases = new Leases({
    broker,
    staleThresholdMs: config.STALE_THRESHOLD_MS,
    log,
    beat: async () => {
      await halts.refresh();
      current?.dropHalted(halts);
    },
  });
  const settler = new Settler({ broker, config, leases, halts, log });
  const batchSize = new BatchSize(config.RECEIVE_MAX, () => executor.parallel ?? 1);
  const { silenceMs, lagMs } = broker.traits;
  const exitPolicy = new ExitPolicy(
    {
      timeoutSeconds: config.IDLE_TIMEOUT_SECONDS,
      chunksPerWorker: config.CHUNKS_PER_WORKER,
      silenceMs,
      lagMs,
    },
    batchSize,
    () => performance.now(),
  );
  /** At most what RECEIVE_MAX leaves room for beside what is held. */
  const receive = (): Promise<Delivery[]> | undefined => {
    const max = Math.min(batchSize.current, config.RECEIVE_MAX - leases.count);
    return max > 0 ? broker.receive({ max, waitMs: exitPolicy.waitMs, signal: stop }) : undefined;
  };

  // Not awaited: a worker that starts has a first batch to look for.
  halts.refresh().catch(() => undefined);
  let next: Promise<Delivery[]> | undefined;
  /** What was read ahead of a batch that turned out to be slow is on its way back. */
  let returning: Promise<void> | undefined;
  while (!stop.aborted && settler.misfit === undefined) {
    // It is held until then.
    await returning;
    next ??= receive();
    if (!next) {
      await settler.settled();
      await delay(FULL_MS, stop);
      continue;
    }
    const deliveries = await next;
    next = undefined;
    if (stop.aborted) {
      await settler.giveBack(deliveries);
      break;
    }
    leases.hold(deliveries);
    if (deliveries.length === 0) {
      await settler.settled();
      const verdict = stop.aborted ? 'stay' : exitPolicy.look(await broker.depth().catch(() => undefined));
      if (verdict !== 'stay') return verdict;
      continue;
    }
    exitPolicy.busy();
    const batch = await settler.sort(deliveries);
    if (batch.length === 0) continue;
    current = new CurrentBatch(batch, giveUp);
    // Fast chunks are read ahead while this batch computes; slow or suspicious ones are not held beside another.
    if (batchSize.current > 1 && batch.every((delivery) => delivery.attempt === 1)) next = receive();
    // Held from the moment they arrive: one slow chunk of this batch would otherwise cost all of them their leases.
    next?.then(
      (ahead) => leases.hold(ahead),
      () => undefined,
    );
    const slow = setTimeout(() => {
      const ahead = next;
      next = undefined;
      // If that fails their leases lapse by themselves.
      returning = ahead?.then((deliveries) => settler.giveBack(deliveries)).catch(() => undefined);
    }, SLOW_BATCH_MS);
    const started = performance.now();
    await executor.execute(
      batch.map((delivery) => delivery.chunk),
      { signal: current.signal, settled: (outcomes) => settler.settle(batch, outcomes) },
    );
    clearTimeout(slow);
    current.end();
    current = undefined;
    batchSize.took(performance.now() - started, batch.length);
    await settler.batchDone(batch);
  }
  await settler.settled();
  await settler.giveBack((await next) ?? []);
  return settler.misfit ?? 'asked to stop';
}

/** What is being computed: it ends early when the time to compute does, or when a run of it is halted. */
class CurrentBatch {
  readonly #batch: readonly Delivery[];
  readonly #controller = new AbortController();
  readonly #giveUp: AbortSignal;
  readonly #abort = (): void => this.#controller.abort();

  constructor(batch: readonly Delivery[], giveUp: AbortSignal) {
    this.#batch = batch;
    this.#giveUp = giveUp;
    if (giveUp.aborted) this.#abort();
    else giveUp.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The chunks of other runs that share the batch go back and are computed again: batches are short. */
  dropHalted(halts: Halts): void {
    if (this.#batch.some(({ chunk }) => halts.reason(chunk.runId) !== undefined)) this.#abort();
  }

  end(): void {
    this.#giveUp.removeEventListener('abort', this.#abort);
  }
}
