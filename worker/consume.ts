/** The queue worker's loop: receive, execute, settle, until the queue is drained or the process is asked to stop. */
import type { Broker, Delivery } from '../core/broker.js';
import type { Config } from '../core/config.js';
import type { Logger } from '../core/logger.js';
import type { Executor } from './execute.js';
import { Idle } from './idle.js';
import { LeaseKeeper } from './lease.js';
import { Pace } from './pace.js';
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
  const pace = new Pace(config.RECEIVE_MAX);
  const idle = new Idle({ timeoutSeconds: config.IDLE_TIMEOUT_SECONDS, chunksPerWorker: config.CHUNKS_PER_WORKER, silenceMs: broker.silenceMs, lagMs: broker.lagMs }, pace, () => performance.now());
  const receive = (): Promise<Delivery[]> => broker.receive({ max: pace.batch, waitMs: idle.waitMs, signal: stop });

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
      const verdict = stop.aborted ? 'stay' : idle.look(await broker.depth().catch(() => undefined));
      if (verdict !== 'stay') return verdict;
      continue;
    }
    idle.busy();
    const batch = await settler.refuseExhausted(deliveries);
    // Fast chunks are read ahead while this batch computes; slow or suspicious ones are not held beside another.
    if (pace.batch > 1 && batch.every((delivery) => delivery.attempt === 1)) next = receive();
    // Held from the moment they arrive: one slow chunk of this batch would otherwise cost all of them their leases.
    next?.then((ahead) => leases.hold(ahead), () => undefined);
    const slow = setTimeout(() => {
      const ahead = next;
      next = undefined;
      // If that fails their leases lapse by themselves.
      ahead?.then((deliveries) => settler.giveBack(deliveries)).catch(() => undefined);
    }, SLOW_BATCH_MS);
    const started = performance.now();
    await executor.execute(batch.map((delivery) => delivery.chunk), {
      signal: giveUp,
      settled: (outcome) => settler.settle(batch[outcome.index] as Delivery, outcome),
    });
    clearTimeout(slow);
    if (batch.length > 0) pace.took(performance.now() - started, batch.length);
    await settler.batchDone(batch);
  }
  await settler.settled();
  await settler.giveBack((await next) ?? []);
  return 'asked to stop';
}
