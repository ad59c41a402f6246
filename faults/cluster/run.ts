/** Faults by name on a Kind cluster, each on a release of its own in a namespace of its own. */
import { connect } from '../../ops/cluster/kube.js';
import { requireUp } from '../../ops/demo/cluster.js';
import { readPreset } from '../../ops/run/preset.js';
import type { Script } from '../../ops/script/frame.js';
import { CLUSTER_FAULTS } from '../catalogue.js';
import { runExperiment, settingsFor } from '../experiment.js';
import { faultNames, runSeries } from '../series.js';
import type { Settings } from '../types.js';
import { makeClusterStage, type Place } from './stage.js';

/**
 * @param list as faultNames takes it
 * @returns exit status
 */
export async function runSeriesOnCluster(
  list: string,
  {
    backend,
    preset: presetName,
    seed,
    maxWorkers,
    cluster,
    namespace,
  }: {
    backend: 'redis' | 'rabbitmq';
    preset: string;
    seed: number;
    maxWorkers?: number | undefined;
    cluster: string;
    namespace: string;
  },
  script: Script,
): Promise<number> {
  const names = faultNames(list, CLUSTER_FAULTS, {});
  const preset = readPreset(presetName, backend);
  await requireUp(script, cluster);
  const kube = connect({ name: cluster });
  return runSeries(
    names,
    {
      backend,
      seed,
      runOne: (name, id, say) => {
        const settings = {
          env: { ...preset.env, RUN_ID: id },
          maxWorkers: maxWorkers ?? preset.maxReplicas,
          chunksPerWorker: preset.chunksPerWorker,
          deadlineSeconds: Math.max(180, preset.deadlineSeconds),
        };
        return runOnCluster(name, {
          backend,
          place: { kube, cluster, namespace, evidence: 'out/faults' },
          settings,
          seed,
          signal: script.signal,
          say,
        });
      },
    },
    script,
  );
}

export async function runOnCluster(
  name: string,
  {
    backend,
    place,
    settings,
    seed,
    signal,
    say,
  }: {
    backend: 'redis' | 'rabbitmq';
    place: Place;
    settings: Settings;
    seed: number;
    signal: AbortSignal;
    say?: (line: string) => void;
  },
) {
  const fault = CLUSTER_FAULTS[name];
  if (!fault) throw new Error(`no fault ${name} of a cluster`);
  const stage = await makeClusterStage(backend, place, settingsFor(settings, fault, backend), signal);
  return runExperiment(name, fault, stage, { seed, ...(say ? { say } : {}) });
}
