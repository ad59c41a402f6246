/** Who holds which chunk, read from the workers' own logs at level debug. */

/**
 * @param log JSON lines
 * @returns by chunk id; when it was last started, in ms since the epoch
 */
export function parseLog(log: string): { started: Map<string, number>; completed: Set<string> } {
  const started: Map<string, number> = new Map();
  const completed: Set<string> = new Set();
  for (const line of log.split('\n')) {
    const at = line.indexOf('{');
    if (!/"msg":"chunk (started|complete)"/.test(line) || !line.endsWith('}')) continue;
    const { msg, chunk_id: chunkId, time } = JSON.parse(line.slice(at));
    if (msg === 'chunk started') started.set(chunkId, Date.parse(time));
    else completed.add(chunkId);
  }
  return { started, completed };
}

/** @returns chunks that it started and did not complete */
export function heldBy(worker: string, log: string): Array<{ worker: string; chunkId: string; startedAt: number }> {
  const { started, completed } = parseLog(log);
  return [...started]
    .filter(([chunkId]) => !completed.has(chunkId))
    .map(([chunkId, startedAt]) => ({ worker, chunkId, startedAt }));
}
