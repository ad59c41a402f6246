/** The fault of the demo: a worker is killed in the middle of a chunk, and another one must complete that chunk. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../core/ledger/ledger.js';
import { inFlightOf, parseLog } from '../run/chunk-log.js';
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import type { Monitor } from './monitor.js';
import type { Stage } from './stage.js';

/** Share of the chunks after which a worker is killed. */
const AT = 0.3;

const TRIES = 5;

export interface Kill {
  /** who was killed */
  worker: string;
  /** what it was computing */
  chunkId: string;
  /** milliseconds since the epoch */
  killedAt: number;
}

/**
 * Waits for about 30 % of the chunks and for a worker that holds a started chunk; kills it; and makes sure that the
 * kill came before the chunk's end.
 */
export async function killMidChunk(stage: Stage, monitor: Monitor, script: Script): Promise<Kill> {
  const { ledger } = monitor;
  const chunks = () => Math.ceil((ledger.plan?.totalParameters ?? Infinity) / (ledger.plan?.chunkSize ?? 1));
  while (ledger.results < chunks() * AT && !monitor.finished()) await sleep(50, undefined, { signal: script.signal });
  for (let n = 1; n <= TRIES && !monitor.finished(); n++) {
    const holder = await findHolder(stage, monitor, script);
    if (!holder) break;
    let killedAt: number;
    try {
      killedAt = await stage.kill(holder.worker);
    } catch (thrown) {
      // A worker that has left by itself meanwhile cannot be killed; the next one can.
      if (n === TRIES || !(thrown instanceof Stop)) throw thrown;
      script.print(`fault: ${holder.worker} could not be killed (${thrown.message}): another one is killed`);
      continue;
    }
    const { completed } = parseLog(await stage.log(holder.worker));
    if (!completed.has(holder.chunkId)) return { ...holder, killedAt };
    script.print(`fault: ${holder.worker} had completed chunk ${holder.chunkId} before it died: another one is killed`);
  }
  throw new Stop(
    'the fault did not take hold: no worker could be killed in the middle of a chunk',
    'use a preset with longer chunks (small)',
  );
}

async function findHolder(stage: Stage, monitor: Monitor, script: Script) {
  while (!monitor.finished()) {
    const candidates = [];
    for (const { name } of await stage.workers()) candidates.push(...inFlightOf(name, await stage.log(name)));
    // The latest to start has the most left to do.
    const latest = candidates.sort((a, b) => b.startedAt - a.startedAt)[0];
    if (latest) return { worker: latest.worker, chunkId: latest.chunkId };
    await sleep(50, undefined, { signal: script.signal });
  }
  return undefined;
}

/**
 * @param ledger of the finished run
 * @returns who completed the chunk, when, and how long that took
 * @throws Stop if no other worker completed it at a later attempt
 */
export function proveRecovery(fault: Kill, ledger: Ledger): string {
  const recovered = ledger.tally.recovered.find((r) => r.chunkId === fault.chunkId);
  if (!recovered || recovered.attempt < 2 || recovered.workerId === fault.worker) {
    throw new Stop(
      `chunk ${fault.chunkId}, which ${fault.worker} held when it was killed, was not completed by another worker at a later attempt: ` +
        (recovered ? `attempt ${recovered.attempt} by ${recovered.workerId}` : 'no such record'),
      'this is a defect of the recovery: keep the logs',
    );
  }
  const seconds = ((Date.parse(recovered.completedAt) - fault.killedAt) / 1000).toFixed(1);
  return `fault        ${fault.worker} was killed in the middle of chunk ${fault.chunkId}; ${recovered.workerId} completed it at attempt ${recovered.attempt}, ${seconds} s after the kill`;
}
