/**
 * The runs that the cluster bench measures, by name, and which of them a plain `npm run bench:cluster` has time for.
 */

/**
 * A release of the chart: `small-redis`, with 3 workers `small-redis-3`, with a worker killed in the middle
 * `medium-redis-fault`.
 * @typedef {{ kind: 'release', name: string, preset: 'small' | 'medium' | 'large', backend: 'redis' | 'rabbitmq',
 *   workers?: number, fault: boolean, usual: boolean }} ReleaseCase
 */
/**
 * A plain Indexed Job of the same work: `small-job-100` is one of 100 indexes.
 * @typedef {{ kind: 'job', name: string, preset: 'small' | 'medium' | 'large', indexes: number, usual: boolean }}
 *   JobCase
 */
/** @typedef {ReleaseCase | JobCase} Case */

/** Pods at a time, for releases unless the case says otherwise, and for Indexed Jobs. */
export const PARALLEL = 10;

/** @type {Case[]} */
export const CASES = [
  // One pod a chunk is the Indexed Job one writes first; one pod a hand-made share is what its users come to.
  job('small', 100, true),
  job('small', 10, true),
  job('large', 10, true),
  .../** @type {const} */ (['redis', 'rabbitmq']).flatMap((backend) => [
    release('small', backend, { usual: true }),
    release('large', backend, { usual: true }),
    release('medium', backend, { fault: true, usual: true }),
    release('small', backend, { workers: 3 }),
    release('medium', backend, { workers: 3 }),
    release('medium', backend, {}),
    release('small', backend, { fault: true }),
  ]),
];

/** @param {string[]} only parts of names; none: the usual ones */
export function casesFor(only) {
  return CASES.filter(({ name, usual }) => (only.length > 0 ? only.some((text) => name.includes(text)) : usual));
}

/**
 * @param {JobCase['preset']} preset
 * @param {number} indexes
 * @param {boolean} usual
 * @returns {JobCase}
 */
function job(preset, indexes, usual) {
  return { kind: 'job', name: `${preset}-job-${indexes}`, preset, indexes, usual };
}

/**
 * @param {ReleaseCase['preset']} preset
 * @param {ReleaseCase['backend']} backend
 * @param {{ workers?: number, fault?: boolean, usual?: boolean }} options
 * @returns {ReleaseCase}
 */
function release(preset, backend, { workers, fault = false, usual = false }) {
  const name = `${preset}-${backend}${workers ? `-${workers}` : ''}${fault ? '-fault' : ''}`;
  return { kind: 'release', name, preset, backend, fault, usual, ...(workers ? { workers } : {}) };
}
