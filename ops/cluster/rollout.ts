/** From `helm upgrade` to "the run is seeded": brokers ready, seeder complete, or the reason why not. */
import { loadAllYaml, type V1Pod } from '@kubernetes/client-node';
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { waitFor } from '../script/wait.js';
import { type Kube, replicaState, listPods, PROJECT, orAbsent, podState } from './kube.js';

export interface Where {
  kube: Kube;
  namespace: string;
  release: string;
}

/**
 * Waits for the StatefulSets and Jobs of the release's manifest: brokers ready, seeder complete, static workers
 * started.
 */
export async function waitRollout(script: Script, where: Where, seconds: number) {
  const { kube, namespace, release } = where;
  const manifest = (
    await script.sh`helm --kube-context ${kube.context} --namespace ${namespace} get manifest ${release}`
  ).stdout;
  const objects = loadAllYaml(manifest) as Array<{ kind?: string; metadata: { name: string } } | null>;
  const names = (kind: string) => objects.flatMap((object) => (object?.kind === kind ? [object.metadata.name] : []));
  const remedy = `kubectl --context ${kube.context} -n ${namespace} get events --sort-by=.lastTimestamp | tail -20`;
  for (const name of names('StatefulSet')) {
    await script.step(`waiting for the broker ${name}`, (say) =>
      waitFor(() => brokerState(where, name), {
        what: `StatefulSet ${name}`,
        seconds,
        signal: script.signal,
        say,
        remedy,
        explain: () => lastLog(kube, namespace, `${name}-0`),
      }),
    );
  }
  for (const name of names('Job')) {
    await script.step(`waiting for the Job ${name}`, (say) =>
      waitFor(() => jobState(where, name), { what: `Job ${name}`, seconds, signal: script.signal, say, remedy }),
    );
  }
}

async function brokerState({ kube, namespace }: Pick<Where, 'kube' | 'namespace'>, name: string) {
  const { done, state, pods } = await replicaState(
    kube,
    namespace,
    await kube.apps.readNamespacedStatefulSet({ namespace, name }),
  );
  return { done, state: `${state}${states(done ? [] : pods)}` };
}

/** A seeder must complete; the workers of static mode must only have started. */
async function jobState({ kube, namespace }: Where, name: string) {
  const job = await kube.batch.readNamespacedJob({ namespace, name });
  const conditions = job.status?.conditions ?? [];
  const pods = await listPods(kube, namespace, `${PROJECT},batch.kubernetes.io/job-name=${name}`);
  const failed = conditions.find((c) => c.type === 'Failed' && c.status === 'True');
  if (failed) {
    throw new Stop(
      `Job ${name} failed: ${failed.reason} ${failed.message ?? ''}${await lastLog(kube, namespace, pods.at(-1)?.metadata?.name)}`,
      'correct what the log names, then deploy again',
    );
  }
  requireImage(pods);
  const { succeeded = 0, ready = 0 } = job.status ?? {};
  const complete = conditions.some((c) => c.type === 'Complete' && c.status === 'True');
  const started = job.spec?.completionMode === 'Indexed' && ready + succeeded > 0;
  return { done: complete || started, state: `${succeeded} succeeded${states(pods)}` };
}

function requireImage(pods: V1Pod[]) {
  for (const pod of pods) {
    const bad = pod.status?.containerStatuses?.find((c) =>
      /^(ErrImage|ImagePullBackOff|InvalidImageName)/.test(c.state?.waiting?.reason ?? ''),
    );
    if (!bad) continue;
    const image = pod.spec?.containers.find((c) => c.name === bad.name)?.image;
    throw new Stop(
      `pod ${pod.metadata?.name} cannot get its image ${image} (${bad.state?.waiting?.reason})`,
      'Kind: `npx zx scripts/build.mjs --load-kind --version V`, then deploy with --version V; elsewhere push it and set image.repository',
    );
  }
}

async function lastLog(kube: Kube, namespace: string, name: string | undefined) {
  const text =
    name && (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name, tailLines: 12 })).catch(() => undefined));
  return text ? `\nlast lines of ${name}:\n${text.trimEnd()}` : '';
}

const states = (pods: V1Pod[]) => (pods.length ? `: ${pods.map(podState).join(', ')}` : '');

/** Waits for every broker of the project in the cluster, whichever release it belongs to. */
export async function waitBrokers(script: Script, kube: Kube) {
  const sets = (await kube.apps.listStatefulSetForAllNamespaces({ labelSelector: PROJECT })).items;
  for (const { metadata } of sets) {
    const { name = '', namespace = '' } = metadata ?? {};
    await script.step(`waiting for the broker ${namespace}/${name}`, (say) =>
      waitFor(() => brokerState({ kube, namespace }, name), {
        what: `StatefulSet ${namespace}/${name}`,
        seconds: 180,
        signal: script.signal,
        say,
      }),
    );
  }
  return sets.length;
}
