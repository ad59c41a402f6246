/** The demo on a cluster: a release in a namespace of its own, workers as KEDA spawns them. */
import { $ } from 'zx';
import { connect } from '../cluster/kube.js';
import { killWorker, logOf, nameOf, runningWorkers } from '../cluster/pods.js';
import { connectRelease, type Where } from '../cluster/release.js';
import { scriptPath } from '../programs.js';
import { readPreset } from '../run/preset.js';
import type { Script } from '../script/frame.js';
import { untilSeen } from '../script/wait.js';
import type { Stage } from './stage.js';

/** How long a killed worker may take to be seen dead. */
const KILL_SECONDS = 30;

/** Not by the run's own shell, which an interrupt has ended by then. What it prints is shown only where it fails. */
async function takeDown(cluster: string, namespace: string) {
  await $({
    quiet: true,
  })`${process.execPath} ${scriptPath('cleanup')} --name ${cluster} --namespace ${namespace} --all --data --force`;
}

const verbOf =
  (script: Script) =>
  (name: string, ...args: string[]) =>
    script.sh({ stdio: ['ignore', 'inherit', 'inherit'] })`${process.execPath} ${scriptPath(name)} ${args}`;

/** The cluster with KEDA, and the image in it. */
export async function requireUp(script: Script, cluster: string) {
  const verb = verbOf(script);
  await verb('kind-up', '--name', cluster);
  await verb('build', '--load-kind', '--name', cluster);
}

/** What the fault needs in the workers' logs: a line a chunk, as JSON. */
export const WATCHED_CHUNKS = ['log.level=DEBUG', 'log.format=json'];

/** @param options watchChunks: workers log every chunk, for the fault */
export async function clusterStage(
  script: Script,
  {
    backend,
    preset,
    runId,
    maxWorkers,
    cluster,
    namespace,
    keep,
    watchChunks = true,
  }: {
    backend: 'redis' | 'rabbitmq';
    preset: string;
    runId: string;
    maxWorkers?: number | undefined;
    cluster: string;
    namespace: string;
    keep: boolean;
    watchChunks?: boolean;
  },
): Promise<Stage> {
  await requireUp(script, cluster);
  const verb = verbOf(script);
  if (!keep) script.onInterrupt('taking the demo down', () => takeDown(cluster, namespace));
  const sets = [...(watchChunks ? WATCHED_CHUNKS : []), ...(maxWorkers ? [`worker.maxReplicas=${maxWorkers}`] : [])];
  await verb(
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
    script,
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
 */
export async function releaseStage(
  script: Script,
  where: Where,
  { runId, deadlineSeconds }: { runId: string; deadlineSeconds: number },
): Promise<Stage> {
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
      (await killWorker(where, name, (observe, what) => untilSeen(observe, what, KILL_SECONDS, script.signal))).at,
    close: connection.close,
  };
}
