/** One measured case, in the same words for a release and for an Indexed Job. */

/**
 * @typedef {object} Measured seconds unless said otherwise; undefined where the case has no such thing
 * @property {string} case
 * @property {boolean} complete
 * @property {number} whole from the first command to the verdict, or to the Job's completion
 * @property {number | undefined} seededAfter from the first command to the first chunk in the queue
 * @property {number} firstStart from the first chunk in the queue (or the command) to the first worker's first chunk
 * @property {number} lastStart … to the last worker's first chunk
 * @property {number} lastResult … to the last result
 * @property {number} zeroPods from the last result to the end of the last worker pod
 * @property {number} pods worker pods created
 * @property {number} idlePods of them without a single record
 * @property {number} latePods of them created after the last chunk was started
 * @property {number} useful worker-seconds of computing that counts
 * @property {number} wasted worker-seconds of containers that were not useful: start-up, waiting, leaving
 * @property {number} apiCalls
 * @property {Array<[key: string, calls: number]>} callsByKind
 * @property {number} parametersPerSecond from the first chunk in the queue (or the command) to the last result
 * @property {string} [fault] what was recovered, and how fast
 * @property {number} load of the machine, one minute's average, when the case began
 */

/**
 * @param {{ facts: import('./records.mjs').RunFacts, watch: import('./pod-watch.mjs').PodWatch, commandAt: number,
 *   verdictAt: number, zero: number | undefined }} seen
 *   times in milliseconds since the epoch; zero: when the work was there to be taken
 */
export function timesAndPods({ facts, watch, commandAt, verdictAt, zero = commandAt }) {
  const { ledger, firstStarts, lastStart, workers, usefulSeconds } = facts;
  const after = (/** @type {number | undefined} */ at) => round(((at ?? NaN) - zero) / 1000);
  const lastResultAt = Date.parse(ledger.tally.lastCompletedAt ?? '');
  const pods = [...watch.pods.values()];
  return {
    whole: round((verdictAt - commandAt) / 1000),
    firstStart: after(firstStarts[0]),
    lastStart: after(firstStarts.at(-1)),
    lastResult: after(lastResultAt),
    zeroPods: round((watch.activeUntil - lastResultAt) / 1000),
    pods: pods.length,
    idlePods: pods.filter(({ name }) => !workers.has(name)).length,
    latePods: pods.filter(({ seenAt }) => seenAt > lastStart).length,
    useful: round(usefulSeconds),
    wasted: round(watch.seconds - usefulSeconds),
    parametersPerSecond: Math.round(ledger.covered.count / ((lastResultAt - zero) / 1000)),
  };
}

/** @param {number} value */
export function round(value) {
  return Math.round(value * 10) / 10;
}
