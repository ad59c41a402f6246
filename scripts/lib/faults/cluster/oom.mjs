/** A worker's container runs into its memory limit, and the kernel ends it. */
import { Stop } from '../../steps.mjs';
import { hitHolder } from '../victim.mjs';
import { signalScript, strike } from './exec.mjs';
import { untilEnded } from './workers.mjs';

/**
 * Loaded into workers: at SIGUSR2 the main thread takes memory until there is none. The worker itself must do it: where
 * a second process in its container does, the kernel may end that one alone.
 */
const HOARD = `import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGUSR2', () => { const hoard = []; for (;;) hoard.push(Buffer.alloc(16 << 20, 1)); });`;

/** @type {import('./stage.mjs').ClusterFault} */
const outOfMemory = {
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(HOARD)}` };
  },
  inject: (stage, rng) =>
    hitHolder(stage, rng, async (name) => {
      const { at, observed } = await strike(stage.where, name, signalScript('worker', 'USR2'));
      const { reason, exitCode } = await untilEnded(stage.where, name, stage.until);
      if (reason !== 'OOMKilled' || exitCode !== 137)
        throw new Stop(
          `${name} ended with ${reason} (exit status ${exitCode}), not by its memory limit`,
          'worker.resources.limits.memory must be set',
        );
      return { at, observed: `${observed}: ${reason}, exit status ${exitCode}` };
    }),
  heal: async () => {},
};

/** @type {Record<string, import('./stage.mjs').ClusterFault>} */
export const oomFaults = { 'worker-oom': outOfMemory };
