/** A worker that runs out of memory. */
import { Stop } from '../../steps.mjs';
import { hitHolder } from '../victim.mjs';
import { endBy } from './signals.mjs';

/** Preloaded into workers: fills the heap of the main thread when asked to. */
const ALLOCATE = new URL('./allocate.mjs', import.meta.url).href;

/**
 * The kernel's OOM killer needs a memory limit and hence a container. Here the process ends by its own heap's limit: V8
 * aborts it (SIGABRT, exit status 134 in a shell), also in the middle of anything and without a chance to say so.
 * @type {import('./stage.mjs').ProcessFault}
 */
const outOfMemory = {
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = { NODE_OPTIONS: `--max-old-space-size=48 --import=${ALLOCATE}` };
  },
  inject: async (stage, rng) => {
    const hit = await hitHolder(stage, rng, async (name) => {
      const victim = stage.processes.get(name);
      if (!victim) throw new Stop(`there is no worker ${name}`);
      return endBy(victim, 'SIGUSR2', 'SIGABRT');
    });
    return { ...hit, observed: `${hit.observed} (heap limit, exit status 134)` };
  },
  heal: async () => {},
};

/** @type {Record<string, import('./stage.mjs').ProcessFault>} */
export const oomFaults = { 'worker-oom': outOfMemory };
