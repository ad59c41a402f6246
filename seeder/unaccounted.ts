/** What was published and got lost on the way: with a broker that cannot list its queue, only a queue that stays empty shows it. */
import { delay } from '../core/runtime/backoff.js';
import type { Broker } from '../core/broker/port.js';
import { IntervalSet, type Interval } from '../core/model/interval.js';
import type { Ledger } from '../core/ledger/ledger.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Plan } from '../core/model/plan.js';
import { except, lost, neverSeeded, readRuns } from './gaps.js';

/**
 * Longer than RabbitMQ's count of held chunks is old: a quorum queue tells it every 5 s, and it is collected every
 * collect_statistics_interval (5 s unless it is set; with the chart's 1 s it was measured up to 7.3 s late).
 */
const QUIET_MS = 12_000;

export interface Search {
  readonly broker: Broker;
  readonly plan: Plan;
  readonly ledger: Ledger;
  /** The run's parameters in the queue; undefined where the broker cannot list it. */
  readonly queued: IntervalSet | undefined;
  readonly log: Logger;
  readonly stop: AbortSignal;
  /** Where the queue cannot be listed: takes all that has no record for lost, whatever is still queued. */
  readonly force?: boolean;
  /** Told why nothing was taken for lost, though something may be. */
  readonly refused?: (why: string) => void;
}

/** What was published before and is neither recorded nor queued any more. */
export async function lostPieces({
  broker,
  plan,
  ledger,
  queued,
  log,
  stop,
  force = false,
  refused,
}: Search): Promise<Interval[]> {
  const unseeded = IntervalSet.of(neverSeeded(plan, ledger));
  if (queued) return except(lost(plan, ledger, queued), unseeded);
  const missing = except(lost(plan, ledger, unseeded), unseeded);
  if (missing.length === 0 || force) return missing;
  for (let waited = 0; waited < QUIET_MS && !stop.aborted; waited += QUIET_MS / 8) {
    const { ready, leased, delayed } = await broker.depth();
    if (ready + leased + delayed > 0) {
      log.info({ ready, leased, delayed }, 'chunks are still queued: nothing is taken for lost');
      refused?.(`${ready} chunks are ready, ${leased} held by workers and ${delayed} delayed`);
      return [];
    }
    await delay(QUIET_MS / 8, stop);
  }
  const fresh = (await readRuns(broker)).get(plan.runId) ?? ledger;
  return stop.aborted ? [] : except(lost(plan, fresh, unseeded), unseeded);
}
