/** The queue worker's loop: receive, execute, settle, until the queue is drained or the process is asked to stop. */
import type { Broker, Delivery } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Executor } from '../compute/thread-executor.js';
import { ExitPolicy } from './exit-policy.js';
import { LeaseKeeper } from './leases.js';
import { BatchSize } from './batch-size.js';
import { Settler } from './settle.js';

/** A batch that takes longer than this was not as fast as those before it: what was read ahead goes to others. */
const SLOW_BATCH_MS = 1000;

export interface ConsumeOptions {
  readonly broker: Broker;
  readonly executor: Executor;
  readonly config: Config;
  readonly log: Logger;
  /** Stop receiving, finish what is held. */
  readonly stop: AbortSignal;
  /** Give back what is still held: the grace period is over. */
  readonly giveUp: AbortSignal;
}

/** Resolves with the reason for which the worker left. */
export async function consume(options: ConsumeOptions): Promise<string> {
  const { broker, executor, config, log, stop, giveUp } = options;
  using leases = new LeaseKeeper(config.STALE_THRESHOLD_MS, log);
  const settler = new Settler(config, leases, log);
  const batchSize = new BatchSize(config.RECEIVE_MAX);
  const exitPolicy = new ExitPolicy(
    {
      timeoutSeconds: config.IDLE_TIMEOUT_SECONDS,
      chunksPerWorker: config.CHUNKS_PER_WORKER,
      silenceMs: broker.silenceMs,
      lagMs: broker.lagMs,
    },
    batchSize,
    () => performance.now(),
  );
  const receive = (): Promise<Delivery[]> =>
    broker.receive({ max: batchSize.current, waitMs: exitPolicy.waitMs, signal: stop });

  let next: Promise<Delivery[]> | undefined;
  while (!stop.aborted) {
    const deliveries = await (next ?? receive());
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
    const batch = await settler.refuseExhausted(deliveries);
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
      ahead?.then((deliveries) => settler.giveBack(deliveries)).catch(() => undefined);
    }, SLOW_BATCH_MS);
    const started = performance.now();
    await executor.execute(
      batch.map((delivery) => delivery.chunk),
      {
        signal: giveUp,
        settled: (outcome) => settler.settle(batch[outcome.index] as Delivery, outcome),
      },
    );
    clearTimeout(slow);
    if (batch.length > 0) batchSize.took(performance.now() - started, batch.length);
    await settler.batchDone(batch);
  }
  await settler.settled();
  await settler.giveBack((await next) ?? []);
  return 'asked to stop';
}
