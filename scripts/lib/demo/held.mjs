/** Who holds which chunk, read from the workers' own logs at level debug. */

/**
 * @param {string} log JSON lines
 * @returns {{ started: Map<string, number>, completed: Set<string> }} by chunk id; when it was last started, in ms since the epoch
 */
export function parseLog(log) {
  /** @type {Map<string, number>} */
  const started = new Map();
  /** @type {Set<string>} */
  const completed = new Set();
  for (const line of log.split('\n')) {
    const at = line.indexOf('{');
    if (!/"msg":"chunk (started|complete)"/.test(line) || !line.endsWith('}')) continue;
    const { msg, chunk_id: chunkId, time } = JSON.parse(line.slice(at));
    if (msg === 'chunk started') started.set(chunkId, Date.parse(time));
    else completed.add(chunkId);
  }
  return { started, completed };
}

/**
 * @param {string} worker
 * @param {string} log
 * @returns {Array<{ worker: string, chunkId: string, startedAt: number }>} chunks that it started and did not complete
 */
export function heldBy(worker, log) {
  const { started, completed } = parseLog(log);
  return [...started]
    .filter(([chunkId]) => !completed.has(chunkId))
    .map(([chunkId, startedAt]) => ({ worker, chunkId, startedAt }));
}
