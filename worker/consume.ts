/** The queue worker's loop: receive, execute, settle, until the queue is drained or the process is asked to stop. */
import type { Broker, Delivery } from '../core/broker.js';
import type { Config } from '../core/config.js';
import type { Logger } from '../core/logger.js';
import type { Executor } from './execute.js';
import { Idle } from './idle.js';
import { LeaseKeeper } from './lease.js';
import { Pace } from './pace.js';
import { Settler } from './settle.js';

/** How long one receive waits before the worker asks itself whether to leave. */
const WAIT_MS = 1000;

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
  const idle = new Idle(config.IDLE_TIMEOUT_SECONDS, () => performance.now());
  const pace = new Pace(config.RECEIVE_MAX);
  const receive = (): Promise<Delivery[]> => broker.receive({ max: pace.batch, waitMs: WAIT_MS, signal: stop });

  let next: Promise<Delivery[]> | undefined;
  while (!stop.aborted) {
    const deliveries = await (next ?? receive());
    next = undefined;
    if (stop.aborted) {
      await Promise.all(deliveries.map((delivery) => delivery.release()));
      break;
    }
    leases.hold(deliveries);
    if (deliveries.length === 0) {
      await settler.settled();
      const verdict = stop.aborted ? 'stay' : idle.look(await broker.depth().catch(() => undefined));
      if (verdict !== 'stay') return verdict;
      continue;
    }
    idle.busy();
    const batch = await settler.refuseExhausted(deliveries);
    // Fast chunks are read ahead while this batch computes; slow or suspicious ones are not held beside another.
    if (pace.batch > 1 && batch.every((delivery) => delivery.attempt === 1)) next = receive();
    next?.catch(() => undefined);
    const started = performance.now();
    await executor.execute(batch.map((delivery) => delivery.chunk), {
      signal: giveUp,
      settled: (outcome) => settler.settle(batch[outcome.index] as Delivery, outcome),
    });
    pace.took(performance.now() - started, Math.max(1, batch.length));
    await settler.batchDone(batch);
  }
  await settler.settled();
  await Promise.all(((await next) ?? []).map((delivery) => delivery.release()));
  return 'asked to stop';
}
