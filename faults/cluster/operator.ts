/** What must not kill a worker: KEDA's operator restarting, and an upgrade of the release in the middle of a run. */
import { isReady, listPods, listScaledJobs } from '../../ops/cluster/kube.js';
import { nameOf, runningWorkers, endOf, podsOf } from '../../ops/cluster/pods.js';
import { selectorOf } from '../../ops/cluster/release.js';
import { Stop } from '../../ops/script/stop.js';
import type { Hit } from '../types.js';
import type { ClusterFault, ClusterStage } from './stage.js';

const OPERATOR = 'app=keda-operator';

const kedaRestart: ClusterFault = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage) => {
    const { core } = stage.where.kube;
    const operators = () => listPods(stage.where.kube, 'keda', OPERATOR);
    const [before] = await operators();
    if (!before) throw new Stop(`there is no pod ${OPERATOR} in the namespace keda`);
    const workers = await untilWorkers(stage);
    await core.deleteNamespacedPod({ namespace: 'keda', name: nameOf(before), gracePeriodSeconds: 0 });
    const after = await stage.until(
      async () => (await operators()).find((pod) => nameOf(pod) !== nameOf(before)),
      'another operator',
    );
    return { target: nameOf(before), observed: `deleted without grace, ${nameOf(after)} in its place`, workers };
  },
  heal: (stage) =>
    stage
      .until(async () => (await listPods(stage.where.kube, 'keda', OPERATOR)).some(isReady), 'the operator ready')
      .then(() => {}),
  prove: (stage, hit) => spared(stage, hit),
};

const upgrade: ClusterFault = {
  when: 'draining',
  inject: async (stage) => {
    const workers = await untilWorkers(stage);
    const generation = () => generationOf(stage);
    const before = await generation();
    // Any change of the ScaledJob's spec: by default KEDA would delete the Jobs of the one before.
    stage.workerEnv = { ...stage.workerEnv, TTG_UPGRADED: String(Date.now()) };
    await stage.deploy();
    const after = await generation();
    if (after === before) throw new Stop('the upgrade did not change the ScaledJob');
    return {
      target: `${stage.where.release}, with ${workers.length} workers at work`,
      observed: `generation of its ScaledJob: ${before} → ${after}`,
      workers,
    };
  },
  heal: async () => {},
  prove: (stage, hit) => spared(stage, hit),
};

async function generationOf({ where: { kube, namespace, release } }: ClusterStage) {
  const [scaledJob] = await listScaledJobs(kube, namespace, selectorOf(release, 'worker'));
  return scaledJob?.metadata.generation;
}

async function untilWorkers(stage: ClusterStage) {
  return stage.until(async () => {
    const names = (await runningWorkers(stage.where)).map(nameOf);
    return names.length > 0 && names;
  }, 'workers at work');
}

/** Every worker that was at work has ended by itself, and none of its chunks was begun again. */
async function spared(stage: ClusterStage, hit: Hit) {
  const { workers = [] } = hit;
  const pods = await podsOf(stage.where, 'worker');
  for (const name of workers) {
    const pod = pods.find((each) => nameOf(each) === name);
    const status = endOf(pod)?.exitCode;
    // KEDA keeps the last ten finished Jobs, and there are fewer.
    if (status !== 0)
      throw new Stop(`${name} did not end by itself: ${pod ? `exit status ${status}` : 'it was deleted'}`);
  }
  const { results } = await stage.read();
  const again = results.filter((r) => r.attempt > 1);
  if (again.length > 0) throw new Stop(`chunks were begun again: ${again.map((r) => r.chunkId).join(', ')}`);
}

export const operatorFaults: Record<string, ClusterFault> = { 'keda-restart': kedaRestart, 'helm-upgrade': upgrade };
