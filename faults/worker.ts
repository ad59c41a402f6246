/** Faults of one worker: killed, killed at one of three commit points, frozen, or merely slow. */
import { Stop } from '../ops/script/stop.js';
import { hitHolder } from './hit.js';
import type { Rng } from './rng.js';
import type { Reading } from '../ops/run/observe.js';
import type { Fault, Hit, Stage } from './types.js';

/**
 * Not among the first: the start is to be healthy.
 * @returns id of the chunk whose worker dies
 */
function chooseChunk(stage: Stage, rng: Rng): string {
  return String(Math.floor(stage.chunks * (0.2 + 0.5 * rng()))).padStart(5, '0');
}

const attempts = ({ chunk }: Hit, { results }: Reading) =>
  results
    .filter((r) => r.chunkId === chunk)
    .map((r) => r.attempt)
    .join(' ');

const onceAtSecondAttempt: NonNullable<Fault['prove']> = (_, hit, reading) => {
  if (attempts(hit, reading) !== '2')
    throw new Stop(
      `chunk ${hit.chunk} has records of the attempts [${attempts(hit, reading)}], not of the second alone`,
    );
};

/**
 * RabbitMQ: the record is confirmed and the acknowledgement never sent, so the chunk is computed again and its second
 * record is not counted. Redis and embedded: record and acknowledgement are one step, so there is no such moment; the worker
 * dies when the step's answer arrives, before it has learned of it, and the chunk is not computed again.
 */
const recordedBeforeAck: NonNullable<Fault['prove']> = ({ backend }, hit, reading) => {
  const wanted = backend === 'rabbitmq' ? '1 2' : '1';
  if (attempts(hit, reading) !== wanted)
    throw new Stop(`chunk ${hit.chunk} has records of the attempts [${attempts(hit, reading)}], not [${wanted}]`);
  if (reading.ledger.deduplicated !== (backend === 'rabbitmq' ? 1 : 0))
    throw new Stop(`${reading.ledger.deduplicated} records were deduplicated`);
};

/** Name of the fault → TTG_FAULT_POINT, and its proof. */
const POINTS = {
  'worker-kill-before-compute': { point: 'before-compute', prove: onceAtSecondAttempt },
  'worker-kill-before-record': { point: 'before-record', prove: onceAtSecondAttempt },
  'worker-kill-before-ack': { point: 'before-ack', prove: recordedBeforeAck },
} as const;

/** Replaced by the scaler, and its chunk by the broker: nothing is left to heal. */
const nothing = async () => {};

const kill: Fault = {
  when: 'draining',
  inject: (stage, rng) => hitHolder(stage, rng, (victim) => stage.kill(victim)),
  heal: nothing,
};

const freeze: Fault = {
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
    if (stage.backend !== 'rabbitmq' && late.length > 0)
      throw new Stop(`${worker} settled chunk ${chunk} although its lease had gone to another`);
  },
};

const slowChunk: Fault = {
  when: 'draining',
  run: { TOTAL_PARAMETERS: '24', CHUNK_SIZE: '4' },
  prepare: async (stage) => {
    // Twice the lease for each chunk.
    stage.workerEnv = { SIMULATE_WORK_MS: String((2 * stage.leaseMs) / 4) };
  },
  inject: async (stage) => {
    const late = await stage.until(
      async () => (await stage.inFlight()).find(({ startedAt }) => Date.now() - startedAt > stage.leaseMs * 1.5),
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

function dieAt({ point, prove }: (typeof POINTS)[keyof typeof POINTS]): Fault {
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
        hitAt: dead.at,
        chunk,
        worker: dead.name,
      };
    },
    heal: nothing,
    prove,
  };
}

export async function completedByAnother(stage: Stage, { worker, chunk }: Hit & { worker: string }) {
  await stage.until(async () => {
    const { results } = await stage.read();
    return results.some((r) => r.chunkId === chunk && r.workerId !== worker);
  }, `chunk ${chunk} completed by another worker than ${worker}`);
}

export const workerFaults: Record<string, Fault> = {
  'worker-kill': kill,
  ...Object.fromEntries(Object.entries(POINTS).map(([name, what]) => [name, dieAt(what)])),
  'worker-freeze': freeze,
  'slow-chunk': slowChunk,
};
