/** Gives a run up: a record says so, its chunks leave the queue, workers drop theirs at their next heartbeat. */
import { patientDepth } from '../core/broker/patience.js';
import type { Broker, Settlement } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';
import { readRuns } from './gaps.js';

/** Chunks that are taken out of the queue at a time. */
const PAGE = 250;

export interface CancelOptions {
  readonly broker: Broker;
  readonly runId: string;
  readonly stop: AbortSignal;
}

/**
 * Safe to repeat.
 * @returns how many chunks were taken out of the queue; those that workers hold or that wait for a retry are dropped by
 *   the workers that get them
 * @throws ConfigError when the log holds no plan of the run
 */
export async function cancel({ broker, runId, stop }: CancelOptions): Promise<number> {
  await requireRun(broker, runId);
  await broker.halt(runId, 'cancelled');
  // What is released comes back, so no more is looked at than is waiting now.
  let left = (await patientDepth(broker, stop)).ready;
  let discarded = 0;
  while (left > 0 && !stop.aborted) {
    const deliveries = await broker.receive({ max: Math.min(PAGE, left), waitMs: 0, signal: stop });
    if (deliveries.length === 0) break;
    left -= deliveries.length;
    const settlements = deliveries.map((delivery): Settlement => {
      const verb = delivery.chunk.runId === runId ? 'discard' : 'release';
      return { delivery, verb };
    });
    const answers = await broker.settle(settlements);
    discarded += settlements.filter(({ verb }, i) => verb === 'discard' && answers[i] === undefined).length;
  }
  return discarded;
}

/** @throws ConfigError naming the runs that the log knows */
export async function requireRun(broker: Broker, runId: string): Promise<void> {
  const runs = [...(await readRuns(broker)).values()].filter((run) => run.plan !== undefined);
  if (runs.some((run) => run.runId === runId)) return;
  const known = runs.map((run) => run.runId);
  throw new ConfigError(
    `the log holds no run ${runId} (${known.length > 0 ? `it knows ${known.join(', ')}` : 'it holds no run at all'}): name the right one ` +
      'by --run-id, and the queue by QUEUE_PREFIX',
  );
}
