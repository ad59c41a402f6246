/** The demo on a cluster: a release in a namespace of its own, workers as KEDA spawns them. */
import { $ } from 'zx';
import { connect, listPods, orAbsent } from '../kube.mjs';
import { connectRelease, selectorOf } from '../release.mjs';
import { Stop } from '../steps.mjs';
import { waitFor } from '../wait.mjs';
import { readPreset } from './preset.mjs';

/**
 * Finds the worker by its command line: the image has no ps, pidof or kill, and process 1 is not ours. The brackets keep
 * the pattern from matching this script's own command line.
 */
const KILL = 'for p in /proc/[0-9]*; do if tr "\\0" " " < $p/cmdline 2>/dev/null | grep -q "[w]orker.js"; then kill -9 ${p#/proc/}; fi; done';

/**
 * Not by the run's own shell, which an interrupt has ended by then.
 * @param {string} cluster
 * @param {string} namespace
 */
export async function takeDown(cluster, namespace) {
  await $({ stdio: ['ignore', 'inherit', 'inherit'] })`${process.execPath} scripts/cleanup.mjs --name ${cluster} --namespace ${namespace} --all --data --force`;
}

const scriptOf = (/** @type {import('../steps.mjs').Run} */ run) => (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
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
export async function clusterStage(run, { backend, preset, runId, maxWorkers, cluster, namespace, keep, watchChunks = true }) {
  await requireUp(run, cluster);
  const script = scriptOf(run);
  if (!keep) run.onInterrupt('taking the demo down', () => takeDown(cluster, namespace));
  const sets = [...(watchChunks ? WATCHED_CHUNKS : []), ...(maxWorkers ? [`worker.maxReplicas=${maxWorkers}`] : [])];
  await script('deploy', '--name', cluster, '--namespace', namespace, '--preset', preset, '--backend', backend, '--run-id', runId, ...sets.flatMap((s) => ['--set', s]));

  const stage = await releaseStage(run, { kube: connect({ name: cluster }), namespace, release: 'ttg' }, { runId, deadlineSeconds: readPreset(preset, backend).deadlineSeconds });
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
  const kubectl = (/** @type {string[]} */ ...args) => run.sh`kubectl --context ${kube.context} -n ${namespace} ${args}`;
  const running = async () => (await listPods(kube, namespace, selectorOf(release, 'worker'))).filter((pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp);

  return {
    env: { ...connection.env, RUN_ID: runId },
    passwordHint: `kubectl --context ${kube.context} -n ${namespace} get secret ${release}-auth -o jsonpath='{.data.rabbitmq-password}' | base64 -d`,
    deadlineSeconds,
    workers: async () => (await running()).map((pod) => ({ name: pod.metadata?.name ?? '', node: pod.spec?.nodeName ?? '' })),
    log: async (name) => (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name, tailLines: 2000 }))) ?? '',
    kill: async (name) => {
      await kubectl('exec', name, '--', 'sh', '-c', KILL);
      await waitFor(
        async () => {
          const pod = await orAbsent(kube.core.readNamespacedPod({ namespace, name }));
          const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
          return { done: !pod || ended !== undefined, state: `${name} ${pod?.status?.phase}`, code: ended?.exitCode };
        },
        { what: `worker ${name} ends`, seconds: 30, signal: run.signal, everyMs: 100 },
      ).then(({ code }) => {
        if (code !== undefined && code !== 137) throw new Stop(`worker ${name} ended by itself (exit status ${code}), not by the kill`);
      });
    },
    close: connection.close,
  };
}
