/** A worker's container runs into its memory limit, and the kernel ends it. */
import { $ } from 'zx';
import { Stop } from '../../steps.mjs';
import { hitHolder } from '../victim.mjs';
import { untilEnded } from './workers.mjs';

/** Fills the container's memory from a second process in it. Since Kubernetes 1.28 the kernel ends all of a container together. */
const ALLOCATE = "const hoard = []; for (;;) hoard.push(Buffer.alloc(16 << 20, 1));";

/** @type {import('./stage.mjs').ClusterFault} */
const outOfMemory = {
  when: 'draining',
  inject: (stage, rng) => hitHolder(stage, rng, async (name) => {
    const { kube, namespace } = stage.where;
    const target = ['--context', kube.context, '-n', namespace, 'exec', name];
    await $({ quiet: true, nothrow: true, timeout: '60s' })`kubectl ${target} -- node -e ${ALLOCATE}`;
    const { reason, exitCode, finishedAt } = await untilEnded(stage.where, name, stage.until);
    if (reason !== 'OOMKilled') throw new Stop(`${name} ended with ${reason} (exit status ${exitCode}), not by its memory limit`, 'worker.resources.limits.memory must be set');
    return { at: Number(finishedAt ?? Date.now()), observed: `${name}: OOMKilled, exit status ${exitCode}` };
  }),
  heal: async () => {},
};

/** @type {Record<string, import('./stage.mjs').ClusterFault>} */
export const oomFaults = { 'worker-oom': outOfMemory };
