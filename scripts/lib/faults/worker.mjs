/** Faults of one worker: killed, frozen, out of memory, or merely slow. */
import { readFileSync } from 'node:fs';
import { heldBy } from '../demo/held.mjs';
import { Stop } from '../steps.mjs';
import { endBy, hitHolder } from './victim.mjs';

/** @typedef {import('./types.mjs').Fault} Fault */

/** Replaced by the scaler, and its chunk by the broker: nothing is left to heal. */
const nothing = async () => {};

/** @type {Fault} */
const kill = {
  needs: ['process'],
  when: 'draining',
  inject: (stage, rng) => hitHolder(stage, rng, (victim) => endBy(victim, 'SIGKILL')),
  heal: nothing,
};

/** @type {Fault} */
const freeze = {
  needs: ['process'],
  when: 'draining',
  inject: async (stage, rng) => {
    const hit = await hitHolder(stage, rng, async ({ child, name }) => {
      child.kill('SIGSTOP');
      const stat = await stage.until(() => readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') T ') && 'T', `${name} stopped`);
      return `process ${child.pid} in state ${stat}`;
    });
    await completedByAnother(stage, hit);
    return { ...hit, observed: `${hit.observed}; its chunk was completed by another after the lease of ${stage.leaseMs} ms` };
  },
  heal: async (stage, { worker = '' }) => {
    const woken = stage.processes.get(worker);
    woken?.child.kill('SIGCONT');
    await stage.until(() => woken && (woken.child.exitCode !== null || !readFileSync(`/proc/${woken.child.pid}/stat`, 'utf8').includes(') T ')), `${worker} goes on`);
  },
  prove: (stage, { worker = '', chunk = '' }, { results }) => {
    const late = results.filter((r) => r.chunkId === chunk && r.workerId === worker);
    if (stage.backend === 'redis' && late.length > 0) throw new Stop(`${worker} settled chunk ${chunk} although its lease had gone to another`);
  },
};

/** Preloaded into workers: fills the heap of the main thread when asked to. */
const ALLOCATE = new URL('./allocate.mjs', import.meta.url).href;

/**
 * The kernel's OOM killer needs a memory limit and hence a container. Here the process ends by its own heap's limit: V8
 * aborts it (SIGABRT, exit status 134 in a shell), also in the middle of anything and without a chance to say so.
 * @type {Fault}
 */
const outOfMemory = {
  needs: ['process'],
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = { NODE_OPTIONS: `--max-old-space-size=48 --import=${ALLOCATE}` };
  },
  inject: async (stage, rng) => {
    const hit = await hitHolder(stage, rng, (victim) => endBy(victim, 'SIGUSR2', 'SIGABRT'));
    return { ...hit, observed: `${hit.observed} (heap limit, exit status 134)` };
  },
  heal: nothing,
};

/** @type {Fault} */
const slowChunk = {
  needs: ['process'],
  when: 'draining',
  run: { TOTAL_PARAMETERS: '24', CHUNK_SIZE: '4' },
  prepare: async (stage) => {
    // Twice the lease for each chunk.
    stage.workerEnv = { SIMULATE_WORK_MS: String((2 * stage.leaseMs) / 4) };
  },
  inject: async (stage) => {
    const late = await stage.until(() => {
      const held = stage.processes.running('worker').flatMap(({ name, log }) => heldBy(name, log));
      return held.find(({ startedAt }) => Date.now() - startedAt > stage.leaseMs * 1.5);
    }, 'a chunk that is computed for longer than its lease');
    return { target: `chunk ${late.chunkId}`, observed: `${late.worker} computed it for ${Date.now() - late.startedAt} ms, the lease is ${stage.leaseMs} ms` };
  },
  heal: nothing,
  prove: (_, __, { results }) => {
    const again = results.filter((r, n) => r.attempt > 1 || results.findIndex((other) => other.chunkId === r.chunkId) < n);
    if (again.length > 0) throw new Stop(`chunks ${again.map((r) => r.chunkId).join(', ')} were computed again, though their worker lived`);
  },
};

/**
 * @param {import('./types.mjs').FaultStage} stage
 * @param {{ worker: string, chunk: string }} hit
 */
async function completedByAnother(stage, { worker, chunk }) {
  await stage.until(async () => {
    const { results } = await stage.read();
    return results.some((r) => r.chunkId === chunk && r.workerId !== worker);
  }, `chunk ${chunk} completed by another worker than ${worker}`);
}

/** @type {Record<string, Fault>} */
export const workerFaults = { 'worker-kill': kill, 'worker-freeze': freeze, 'worker-oom': outOfMemory, 'slow-chunk': slowChunk };
