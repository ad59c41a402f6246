/** The three commit points: a worker dies on a chosen chunk before computing, before its record, before its acknowledgement. */
import { Stop } from '../steps.mjs';
import { isRunning } from '../demo/processes.mjs';

/**
 * @param {'before-compute' | 'before-record' | 'before-ack'} point
 * @param {NonNullable<import('./types.mjs').Fault['prove']>} prove
 * @returns {import('./types.mjs').Fault}
 */
function dieAt(point, prove) {
  return {
    needs: ['process'],
    when: 'seeding',
    prepare: async (stage, rng) => {
      // Not among the first: the start is to be healthy. Every worker gets the switch; who meets the chunk first dies.
      const chunk = Math.floor(stage.chunks * (0.2 + 0.5 * rng()));
      stage.workerEnv = { TTG_FAULT_POINT: point, TTG_FAULT_CHUNK: String(chunk).padStart(5, '0') };
    },
    inject: async (stage) => {
      stage.startSeeder();
      const chunk = stage.workerEnv.TTG_FAULT_CHUNK ?? '';
      const dead = await stage.until(() => stage.processes.all('worker').find((p) => !isRunning(p) && p.child.signalCode === 'SIGKILL'), `a worker dead at chunk ${chunk}`);
      return { target: `${dead.name} at chunk ${chunk}, ${point}`, observed: `process ${dead.child.pid} ended by ${dead.child.signalCode}`, struckAt: Date.now(), chunk, worker: dead.name };
    },
    heal: async () => {},
    prove,
  };
}

/** @param {import('./types.mjs').Hit} hit @param {import('./types.mjs').Reading} reading */
const attempts = ({ chunk }, { results }) => results.filter((r) => r.chunkId === chunk).map((r) => r.attempt).join(' ');

/** @type {NonNullable<import('./types.mjs').Fault['prove']>} */
const onceAtSecondAttempt = (_, hit, reading) => {
  if (attempts(hit, reading) !== '2') throw new Stop(`chunk ${hit.chunk} has records of the attempts [${attempts(hit, reading)}], not of the second alone`);
};

/**
 * RabbitMQ: the record is confirmed and the acknowledgement never sent, so the chunk is computed again and its second
 * record is not counted. Redis: record and acknowledgement are one Lua step, so there is no such moment; the worker dies
 * when the step's answer arrives, before it has learned of it, and the chunk is not computed again.
 * @type {NonNullable<import('./types.mjs').Fault['prove']>}
 */
const recordedBeforeAck = ({ backend }, hit, reading) => {
  const wanted = backend === 'redis' ? '1' : '1 2';
  if (attempts(hit, reading) !== wanted) throw new Stop(`chunk ${hit.chunk} has records of the attempts [${attempts(hit, reading)}], not [${wanted}]`);
  if (reading.ledger.deduplicated !== (backend === 'redis' ? 0 : 1)) throw new Stop(`${reading.ledger.deduplicated} records were deduplicated`);
};

/** @type {Record<string, import('./types.mjs').Fault>} */
export const pointFaults = {
  'worker-kill-before-compute': dieAt('before-compute', onceAtSecondAttempt),
  'worker-kill-before-record': dieAt('before-record', onceAtSecondAttempt),
  'worker-kill-before-ack': dieAt('before-ack', recordedBeforeAck),
};
