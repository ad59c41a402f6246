/**
 * What was published before and is neither recorded nor queued: where the queue cannot be listed, only one that stays
 * empty shows it.
 */
import { delay } from '../core/runtime/backoff.js';
import type { Broker } from '../core/broker/port.js';
import { IntervalSet, type Interval } from '../core/model/interval.js';
import type { Ledger } from '../core/ledger/ledger.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Plan } from '../core/model/plan.js';
import { without, unaccounted, unpublished, readRuns } from './gaps.js';
import { counted } from '../core/runtime/words.js';

/** Looks at the queue while it must stay empty. */
const LOOKS = 8;

export interface Search {
  readonly broker: Broker;
  readonly plan: Plan;
  readonly ledger: Ledger;
  /** The run's parameters in the queue; undefined where the broker cannot list it. */
  readonly queued: IntervalSet | undefined;
  readonly log: Logger;
  readonly stop: AbortSignal;
  /** Where the queue cannot be listed: takes all that has no record, whatever is still queued. */
  readonly force?: boolean;
  /** Told why nothing was taken, though something may be missing. */
  readonly refused?: (why: string) => void;
}

/** What was published before and is neither recorded nor queued any more. */
export async function piecesToRepublish({
  broker,
  plan,
  ledger,
  queued,
  log,
  stop,
  force = false,
  refused,
}: Search): Promise<Interval[]> {
  const unseeded = IntervalSet.of(unpublished(plan, ledger));
  if (queued) return without(unaccounted(plan, ledger, queued), unseeded);
  const missing = without(unaccounted(plan, ledger, unseeded), unseeded);
  if (missing.length === 0 || force) return missing;
  const { quietMs } = broker.traits;
  const pauseMs = quietMs / LOOKS;
  for (let waited = 0, quiet = 0; quiet < quietMs && !stop.aborted; waited += pauseMs) {
    const { ready, leased, delayed } = await broker.depth();
    // Only the number of held chunks is told late: what it says at first may have been over before the first look.
    if (ready + delayed > 0 || (leased > 0 && waited >= quietMs)) {
      log.info({ ready, leased, delayed }, 'chunks are still queued: nothing is published again');
      refused?.(
        `${counted(ready, 'chunk')} ${ready === 1 ? 'is' : 'are'} ready, ${leased} held by workers and ${delayed} ` +
          'delayed',
      );
      return [];
    }
    await delay(pauseMs, stop);
    quiet = leased > 0 ? 0 : quiet + pauseMs;
  }
  const current = (await readRuns(broker)).get(plan.runId) ?? ledger;
  return stop.aborted ? [] : without(unaccounted(plan, current, unseeded), unseeded);
}
