/** Who holds which chunk, read from the workers' own logs at level debug. */

/** A chunk that a worker has started and not completed. */
export interface InFlight {
  worker: string;
  /** '' where the worker's log does not tell it. */
  chunkId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/**
 * @param log JSON lines
 * @returns by chunk id; when it was last started, in ms since the epoch
 */
export function parseLog(log: string): { started: Map<string, number>; completed: Set<string> } {
  const started = new Map<string, number>();
  const completed = new Set<string>();
  for (const line of log.split('\n')) {
    const at = line.indexOf('{');
    if (!/"msg":"chunk (started|complete)"/.test(line) || !line.endsWith('}')) continue;
    const {
      msg,
      chunk_id: chunkId,
      time,
    } = JSON.parse(line.slice(at)) as { msg: string; chunk_id: string; time: string };
    if (msg === 'chunk started') started.set(chunkId, Date.parse(time));
    else completed.add(chunkId);
  }
  return { started, completed };
}

/** @returns chunks that it started and did not complete */
export function inFlightOf(worker: string, log: string): InFlight[] {
  const { started, completed } = parseLog(log);
  return [...started]
    .filter(([chunkId]) => !completed.has(chunkId))
    .map(([chunkId, startedAt]) => ({ worker, chunkId, startedAt }));
}
