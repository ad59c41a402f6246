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

/**
 * @param {import('../steps.mjs').Run} run
 * @param {{ backend: 'redis' | 'rabbitmq', preset: string, runId: string, maxWorkers?: number | undefined, cluster: string, namespace: string, keep: boolean,
 *   prepared?: boolean, watchChunks?: boolean }} options prepared: cluster and image are there; watchChunks: workers log every chunk, for the fault
 * @returns {Promise<import('./stage.mjs').Stage & { where: import('../release.mjs').Where }>}
 */
export async function clusterStage(run, { backend, preset, runId, maxWorkers, cluster, namespace, keep, prepared = false, watchChunks = true }) {
  const script = scriptOf(run);
  if (!prepared) await requireUp(run, cluster);
  if (!keep) run.onInterrupt('taking the demo down', () => takeDown(cluster, namespace));
  const sets = [...(watchChunks ? ['log.level=DEBUG', 'log.format=json'] : []), ...(maxWorkers ? [`worker.maxReplicas=${maxWorkers}`] : [])];
  await script('deploy', '--name', cluster, '--namespace', namespace, '--preset', preset, '--backend', backend, '--run-id', runId, ...sets.flatMap((s) => ['--set', s]));

  const kube = connect({ name: cluster });
  const where = { kube, namespace, release: 'ttg' };
  const connection = await connectRelease(where);
  const kubectl = (/** @type {string[]} */ ...args) => run.sh`kubectl --context ${kube.context} -n ${namespace} ${args}`;
  const running = async () => (await listPods(kube, namespace, selectorOf('ttg', 'worker'))).filter((pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp);

  return {
    where,
    env: { ...connection.env, RUN_ID: runId },
    passwordHint: `kubectl --context ${kube.context} -n ${namespace} get secret ttg-auth -o jsonpath='{.data.rabbitmq-password}' | base64 -d`,
    deadlineSeconds: readPreset(preset, backend).deadlineSeconds,
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
    close: async () => {
      await connection.close();
      if (!keep) await takeDown(cluster, namespace);
    },
  };
}
