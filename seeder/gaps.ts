/** What is to be published: computed from the plan, the log and, where the broker can list it, the queue. */
import type { Broker, Seeding } from '../core/broker/port.js';
import { IntervalSet, type Interval } from '../core/model/interval.js';
import { Ledger } from '../core/ledger/ledger.js';
import { planInterval, type Plan } from '../core/model/plan.js';

/** The ledger of every run in the log. */
export async function readRuns(broker: Pick<Broker, 'records'>): Promise<Map<string, Ledger>> {
  const runs = new Map<string, Ledger>();
  for await (const entry of broker.records()) {
    if ('undecodable' in entry) continue;
    const { runId } = entry.record;
    const ledger = runs.get(runId) ?? new Ledger(runId);
    runs.set(runId, ledger);
    ledger.add(entry);
  }
  return runs;
}

/** Parameters of the plan that were never published and have no record. */
export function unpublished(plan: Plan, ledger: Ledger): Interval[] {
  const known = accounted(ledger);
  for (const record of ledger.published) if (record.reason !== 'repair') known.add(record);
  return known.gaps(planInterval(plan));
}

/**
 * Parameters that have no record and are not in the queue: what was lost on the way, and what was never published.
 * @param queued the run's parameters in the queue, read before the log: what left the queue since is in the log
 */
export function unaccounted(plan: Plan, ledger: Ledger, queued: IntervalSet): Interval[] {
  const known = accounted(ledger);
  for (const interval of queued.intervals()) known.add(interval);
  return known.gaps(planInterval(plan));
}

function accounted(ledger: Ledger): IntervalSet {
  const known = ledger.dead();
  for (const interval of ledger.covered.intervals()) known.add(interval);
  return known;
}

/** What is queued of each run; undefined where the broker cannot list its queue. */
export async function readQueued(
  seeding: Pick<Seeding, 'queued'>,
): Promise<((runId: string) => IntervalSet) | undefined> {
  const listing = seeding.queued();
  if (!listing) return undefined;
  const queued = new Map<string, IntervalSet>();
  for await (const chunk of listing) {
    const set = queued.get(chunk.runId) ?? new IntervalSet();
    queued.set(chunk.runId, set);
    set.add(chunk);
  }
  return (runId) => queued.get(runId) ?? new IntervalSet();
}

export function without(pieces: readonly Interval[], taken: IntervalSet): Interval[] {
  return pieces.flatMap((piece) => taken.gaps(piece));
}
