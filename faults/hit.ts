/**
 * Choosing a worker in the middle of a chunk, hitting it, and making sure that the hit came before the chunk's end.
 */
import { Stop } from '../ops/script/stop.js';
import { pick, type Rng } from './rng.js';
import type { Effect } from '../ops/run/observe.js';
import type { Stage, Hit } from './types.js';

const TRIES = 5;

/** @param undo takes the hit back, where it came between two chunks */
export async function hitHolder(
  stage: Stage,
  rng: Rng,
  hit: (victim: string) => Promise<Effect>,
  undo?: (victim: string) => Promise<void>,
): Promise<Hit & { worker: string }> {
  for (let n = 1; n <= TRIES; n++) {
    const victim = await stage.until(async () => {
      const chunks = await stage.inFlight();
      const unknown = chunks.find(({ chunkId }) => !chunkId);
      // Before anything is hit: without its chunk nobody could say when to take the hit back.
      if (undo && unknown)
        throw new Stop(
          `the log of ${unknown.worker} does not say which chunk it holds`,
          'helm upgrade with log.level=DEBUG and log.format=json; workers that start from then on say it',
        );
      if (chunks.length > 0) return pick(rng, chunks).worker;
      const { ledger } = await stage.read();
      if (ledger.plan && ledger.missing().length === 0)
        throw new Stop('the run ended before a worker could be hit', 'use a run with more or longer chunks');
      return false;
    }, 'a worker in the middle of a chunk');
    const { at, observed } = await hit(victim);
    // What it held when the hit came, not when it was chosen; a record on its way by then would be another fault.
    const [chunk] = await stage.inFlightOf(victim);
    const { results } = await stage.read();
    if (chunk && !results.some((r) => r.chunkId === chunk.chunkId && r.workerId === victim)) {
      return {
        target: chunk.chunkId ? `${victim} in the middle of chunk ${chunk.chunkId}` : victim,
        observed,
        hitAt: at,
        worker: victim,
        ...(chunk.chunkId ? { chunk: chunk.chunkId } : {}),
      };
    }
    await undo?.(victim);
  }
  throw new Stop(`no worker could be hit in the middle of a chunk in ${TRIES} tries`, 'use a run with longer chunks');
}

/** NODE_OPTIONS that load a module into a worker: at SIGUSR2 its main thread does what the body says. */
export function preload(body: string): string {
  const source = `import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGUSR2', () => { ${body} });`;
  return `--import=data:text/javascript,${encodeURIComponent(source)}`;
}
