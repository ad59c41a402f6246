/** Named faults on a Kind cluster, each on a release of its own. */
import { CLUSTER_FAULTS } from '../faults/catalogue.mjs';
import { playOnCluster } from '../faults/cluster/play.mjs';
import { connect } from '../kube.mjs';
import { faultNames, playNamed } from './named.mjs';
import { readPreset } from './preset.mjs';
import { requireUp } from './cluster.mjs';

/**
 * @param {string} list as faultNames takes it
 * @param {{ backend: 'redis' | 'rabbitmq', preset: string, seed: number, maxWorkers?: number | undefined, cluster: string, namespace: string }} options
 * @param {import('../steps.mjs').Run} run
 * @returns {Promise<number>} exit status
 */
export async function playNamedOnCluster(
  list,
  { backend, preset: presetName, seed, maxWorkers, cluster, namespace },
  run,
) {
  const names = faultNames(list, CLUSTER_FAULTS, {});
  const preset = readPreset(presetName, backend);
  await requireUp(run, cluster);
  const kube = connect({ name: cluster });
  return playNamed(
    names,
    {
      backend,
      seed,
      play: (name, id, say) => {
        const settings = {
          env: { ...preset.env, RUN_ID: id },
          maxWorkers: maxWorkers ?? preset.maxReplicas,
          chunksPerWorker: preset.chunksPerWorker,
          deadlineSeconds: Math.max(180, preset.deadlineSeconds),
        };
        return playOnCluster(name, {
          backend,
          place: { kube, cluster, namespace, evidence: 'out/faults' },
          settings,
          seed,
          signal: run.signal,
          say,
        });
      },
    },
    run,
  );
}
