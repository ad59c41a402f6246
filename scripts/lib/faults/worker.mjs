/** Faults of one worker: killed, killed at a commit point, frozen, or merely slow. */
import { Stop } from '../steps.mjs';
import { chooseChunk, POINTS } from './points.mjs';
import { hitHolder } from './victim.mjs';

/**
 * @typedef {import('./types.mjs').Stage} Stage
 * @typedef {import('./types.mjs').Fault<Stage>} Fault
 */

/** Replaced by the scaler, and its chunk by the broker: nothing is left to heal. */
const nothing = async () => {};

/** @type {Fault} */
const kill = {
  when: 'draining',
  inject: (stage, rng) => hitHolder(stage, rng, (victim) => stage.kill(victim)),
  heal: nothing,
};

/** @type {Fault} */
const freeze = {
  when: 'draining',
  inject: async (stage, rng) => {
    const hit = await hitHolder(
      stage,
      rng,
      (victim) => stage.freeze(victim),
      (victim) => stage.wake(victim),
    );
    await completedByAnother(stage, hit);
    return {
      ...hit,
      observed: `${hit.observed}; its chunk was completed by another after the lease of ${stage.leaseMs} ms`,
    };
  },
  heal: (stage, { worker = '' }) => stage.wake(worker),
  prove: (stage, { worker = '', chunk = '' }, { results }) => {
    const late = results.filter((r) => r.chunkId === chunk && r.workerId === worker);
    if (stage.backend === 'redis' && late.length > 0)
      throw new Stop(`${worker} settled chunk ${chunk} although its lease had gone to another`);
  },
};

/** @type {Fault} */
const slowChunk = {
  when: 'draining',
  run: { TOTAL_PARAMETERS: '24', CHUNK_SIZE: '4' },
  prepare: async (stage) => {
    // Twice the lease for each chunk.
    stage.workerEnv = { SIMULATE_WORK_MS: String((2 * stage.leaseMs) / 4) };
  },
  inject: async (stage) => {
    const late = await stage.until(
      async () => (await stage.held()).find(({ startedAt }) => Date.now() - startedAt > stage.leaseMs * 1.5),
      'a chunk that is computed for longer than its lease',
    );
    return {
      target: `chunk ${late.chunkId}`,
      observed: `${late.worker} computed it for ${Date.now() - late.startedAt} ms, the lease is ${stage.leaseMs} ms`,
    };
  },
  heal: nothing,
  prove: (_, __, { results }) => {
    const again = results.filter(
      (r, n) => r.attempt > 1 || results.findIndex((other) => other.chunkId === r.chunkId) < n,
    );
    if (again.length > 0)
      throw new Stop(`chunks ${again.map((r) => r.chunkId).join(', ')} were computed again, though their worker lived`);
  },
};

/**
 * @param {(typeof POINTS)[keyof typeof POINTS]} what
 * @returns {Fault}
 */
function dieAt({ point, prove }) {
  return {
    when: 'seeding',
    prepare: async (stage, rng) => {
      // Every worker gets the switch; who meets the chunk first dies.
      stage.workerEnv = { TTG_FAULT_POINT: point, TTG_FAULT_CHUNK: chooseChunk(stage, rng) };
    },
    inject: async (stage) => {
      await stage.start();
      const chunk = stage.workerEnv.TTG_FAULT_CHUNK ?? '';
      const dead = await stage.until(async () => (await stage.killed())[0], `a worker dead at chunk ${chunk}`);
      return {
        target: `${dead.name} at chunk ${chunk}, ${point}`,
        observed: dead.observed,
        struckAt: dead.at,
        chunk,
        worker: dead.name,
      };
    },
    heal: nothing,
    prove,
  };
}

/**
 * @param {Stage} stage
 * @param {import('./types.mjs').Hit & { worker: string }} hit
 */
export async function completedByAnother(stage, { worker, chunk }) {
  await stage.until(async () => {
    const { results } = await stage.read();
    return results.some((r) => r.chunkId === chunk && r.workerId !== worker);
  }, `chunk ${chunk} completed by another worker than ${worker}`);
}

/** @type {Record<string, Fault>} */
export const workerFaults = {
  'worker-kill': kill,
  ...Object.fromEntries(Object.entries(POINTS).map(([name, what]) => [name, dieAt(what)])),
  'worker-freeze': freeze,
  'slow-chunk': slowChunk,
};
