/** The three commit points at which a worker may die, and what its chunk's records must then be. */
import { Stop } from '../steps.mjs';

/**
 * Not among the first: the start is to be healthy.
 * @param {import('./types.mjs').Stage} stage
 * @param {import('./rng.mjs').Rng} rng
 * @returns {string} id of the chunk whose worker dies
 */
export function chooseChunk(stage, rng) {
  return String(Math.floor(stage.chunks * (0.2 + 0.5 * rng()))).padStart(5, '0');
}

/** @param {import('./types.mjs').Hit} hit @param {import('./types.mjs').Reading} reading */
const attempts = ({ chunk }, { results }) =>
  results
    .filter((r) => r.chunkId === chunk)
    .map((r) => r.attempt)
    .join(' ');

/** @type {NonNullable<import('./types.mjs').Fault<import('./types.mjs').Stage>['prove']>} */
const onceAtSecondAttempt = (_, hit, reading) => {
  if (attempts(hit, reading) !== '2')
    throw new Stop(
      `chunk ${hit.chunk} has records of the attempts [${attempts(hit, reading)}], not of the second alone`,
    );
};

/**
 * RabbitMQ: the record is confirmed and the acknowledgement never sent, so the chunk is computed again and its second
 * record is not counted. Redis: record and acknowledgement are one Lua step, so there is no such moment; the worker dies
 * when the step's answer arrives, before it has learned of it, and the chunk is not computed again.
 * @type {NonNullable<import('./types.mjs').Fault<import('./types.mjs').Stage>['prove']>}
 */
const recordedBeforeAck = ({ backend }, hit, reading) => {
  const wanted = backend === 'redis' ? '1' : '1 2';
  if (attempts(hit, reading) !== wanted)
    throw new Stop(`chunk ${hit.chunk} has records of the attempts [${attempts(hit, reading)}], not [${wanted}]`);
  if (reading.ledger.deduplicated !== (backend === 'redis' ? 0 : 1))
    throw new Stop(`${reading.ledger.deduplicated} records were deduplicated`);
};

/** Name of the fault → TTG_FAULT_POINT, and its proof. */
export const POINTS = /** @type {const} */ ({
  'worker-kill-before-compute': { point: 'before-compute', prove: onceAtSecondAttempt },
  'worker-kill-before-record': { point: 'before-record', prove: onceAtSecondAttempt },
  'worker-kill-before-ack': { point: 'before-ack', prove: recordedBeforeAck },
});
