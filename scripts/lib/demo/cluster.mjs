/** The demo on a cluster: a release in a namespace of its own, workers as KEDA spawns them. */
import { $ } from 'zx';
import { killWorker, logOf, nameOf, runningWorkers } from '../faults/cluster/workers.mjs';
import { untilSeen } from '../faults/reading.mjs';
import { connect } from '../kube.mjs';
import { connectRelease } from '../release.mjs';
import { readPreset } from './preset.mjs';

/** How long a killed worker may take to be seen dead. */
const KILL_SECONDS = 30;

/**
 * Not by the run's own shell, which an interrupt has ended by then.
 * @param {string} cluster
 * @param {string} namespace
 */
export async function takeDown(cluster, namespace) {
  await $({
    stdio: ['ignore', 'inherit', 'inherit'],
  })`${process.execPath} scripts/cleanup.mjs --name ${cluster} --namespace ${namespace} --all --data --force`;
}

const scriptOf =
  (/** @type {import('../steps.mjs').Run} */ run) =>
  (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
    run.sh({ stdio: ['ignore', 'inherit', 'inherit'] })`${process.execPath} scripts/${name}.mjs ${args}`;

/**
 * The cluster with KEDA, and the image in it.
 * @param {import('../steps.mjs').Run} run
 * @param {string} cluster
 */
export async function requireUp(run, cluster) {
  const script = scriptOf(run);
  await script('kind-up', '--name', cluster);
  await script('build', '--load-kind', '--name', cluster);
}

/** What the fault needs in the workers' logs: a line a chunk, as JSON. */
export const WATCHED_CHUNKS = ['log.level=DEBUG', 'log.format=json'];

/**
 * @param {import('../steps.mjs').Run} run
 * @param {{ backend: 'redis' | 'rabbitmq', preset: string, runId: string, maxWorkers?: number | undefined, cluster: string, namespace: string, keep: boolean,
 *   watchChunks?: boolean }} options watchChunks: workers log every chunk, for the fault
 * @returns {Promise<import('./stage.mjs').Stage>}
 */
export async function clusterStage(
  run,
  { backend, preset, runId, maxWorkers, cluster, namespace, keep, watchChunks = true },
) {
  await requireUp(run, cluster);
  const script = scriptOf(run);
  if (!keep) run.onInterrupt('taking the demo down', () => takeDown(cluster, namespace));
  const sets = [...(watchChunks ? WATCHED_CHUNKS : []), ...(maxWorkers ? [`worker.maxReplicas=${maxWorkers}`] : [])];
  await script(
    'deploy',
    '--name',
    cluster,
    '--namespace',
    namespace,
    '--preset',
    preset,
    '--backend',
    backend,
    '--run-id',
    runId,
    ...sets.flatMap((s) => ['--set', s]),
  );

  const stage = await releaseStage(
    run,
    { kube: connect({ name: cluster }), namespace, release: 'ttg' },
    { runId, deadlineSeconds: readPreset(preset, backend).deadlineSeconds },
  );
  return {
    ...stage,
    close: async () => {
      await stage.close();
      if (!keep) await takeDown(cluster, namespace);
    },
  };
}

/**
 * A release that is there already, as a stage. Closing it closes the way in to its broker, and leaves the release.
 * @param {import('../steps.mjs').Run} run
 * @param {import('../release.mjs').Where} where
 * @param {{ runId: string, deadlineSeconds: number }} options
 * @returns {Promise<import('./stage.mjs').Stage>}
 */
export async function releaseStage(run, where, { runId, deadlineSeconds }) {
  const { kube, namespace, release } = where;
  const connection = await connectRelease(where);

  return {
    env: { ...connection.env, RUN_ID: runId },
    passwordHint: `kubectl --context ${kube.context} -n ${namespace} get secret ${release}-auth -o jsonpath='{.data.rabbitmq-password}' | base64 -d`,
    deadlineSeconds,
    workers: async () =>
      (await runningWorkers(where)).map((pod) => ({ name: nameOf(pod), node: pod.spec?.nodeName ?? '' })),
    log: (name) => logOf(where, name),
    kill: async (name) =>
      (await killWorker(where, name, (observe, what) => untilSeen(observe, what, KILL_SECONDS, run.signal))).at,
    close: connection.close,
  };
}
