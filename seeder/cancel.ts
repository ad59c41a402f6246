/** Gives a run up: a record says so, its chunks leave the queue, workers drop theirs at their next heartbeat. */
import { patientDepth } from '../core/broker/patience.js';
import type { Broker, Delivery, Settlement } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';
import { readRuns } from './gaps.js';

/** Chunks that are looked at in one step. */
const PAGE = 250;
/** So many chunks are held at most: those of other runs are kept from their workers meanwhile. */
const MOST_HELD = 10_000;

export interface CancelOptions {
  readonly broker: Broker;
  readonly runId: string;
  readonly stop: AbortSignal;
}

/**
 * Safe to repeat.
 * @returns how many chunks were taken out of the queue. Those that workers hold or that wait for a retry are dropped by
 *   the workers that get them
 * @throws ConfigError when the log holds no plan of the run
 */
export async function cancel({ broker, runId, stop }: CancelOptions): Promise<number> {
  await requireRun(broker, runId);
  await broker.halt(runId, 'cancelled');
  return discardWaiting(broker, runId, (await patientDepth(broker, stop)).ready, stop);
}

/**
 * Chunks of other runs are held for a while: a broker may hand out again at once what is given back, and then nobody
 * would come to see what is behind it. They are given back where nothing more is handed out, since a chunk that was
 * started before may tolerate no neighbour; and it is over when one of them comes round again.
 * @param waiting how many chunks are looked at, at most
 */
async function discardWaiting(broker: Broker, runId: string, waiting: number, stop: AbortSignal): Promise<number> {
  const beat = Math.max(100, broker.traits.silenceMs / 4);
  const released = new Set<string>();
  let held: Settlement[] = [];
  let beatAt = performance.now() + beat;
  let discarded = 0;
  const settleHeld = async (): Promise<void> => {
    for (const { delivery, verb } of held) if (verb === 'release') released.add(nameOf(delivery));
    discarded += await settle(broker, held.splice(0));
  };
  try {
    for (let left = waiting; left > 0 && !stop.aborted;) {
      const deliveries = await broker.receive({ max: Math.min(PAGE, left), waitMs: 0, signal: stop });
      if (deliveries.length === 0 && held.length === 0) break;
      left -= deliveries.length;
      held.push(...deliveries.map((each) => settlementOf(each, runId)));
      if (deliveries.some((each) => released.has(nameOf(each)))) break;
      const all = held.every(({ verb }) => verb === 'discard');
      if (all || deliveries.length === 0 || held.length >= MOST_HELD) await settleHeld();
      if (performance.now() < beatAt) continue;
      const answers = await broker.extendLeases(held.map(({ delivery }) => delivery));
      held = held.filter((_, i) => answers[i] === undefined);
      beatAt = performance.now() + beat;
    }
  } finally {
    await settleHeld();
  }
  return discarded;
}

const nameOf = ({ chunk }: Delivery): string => `${chunk.runId}/${chunk.chunkId}`;

function settlementOf(delivery: Delivery, runId: string): Settlement {
  return { delivery, verb: delivery.chunk.runId === runId ? 'discard' : 'release' };
}

/** @returns how many were discarded; the lease of any other went to somebody else */
async function settle(broker: Broker, settlements: readonly Settlement[]): Promise<number> {
  if (settlements.length === 0) return 0;
  const answers = await broker.settle(settlements);
  return settlements.filter(({ verb }, i) => verb === 'discard' && answers[i] === undefined).length;
}

/** @throws ConfigError naming the runs that the log knows */
export async function requireRun(broker: Pick<Broker, 'records'>, runId: string): Promise<void> {
  const runs = [...(await readRuns(broker)).values()].filter((run) => run.plan !== undefined);
  if (runs.some((run) => run.runId === runId)) return;
  const known = runs.map((run) => run.runId);
  throw new ConfigError(
    `the log holds no run ${runId} (${known.length > 0 ? `it knows ${known.join(', ')}` : 'it holds no run at all'}): name the right one, ` +
      'and the queue by QUEUE_PREFIX',
  );
}
