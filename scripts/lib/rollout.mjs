/** From `helm upgrade` to "the run is seeded": brokers ready, seeder complete, or the reason why not. */
import { loadAllYaml } from '@kubernetes/client-node';
import { listPods, orAbsent, podState, PROJECT } from './kube.mjs';
import { Stop } from './steps.mjs';
import { replicaState, waitFor } from './wait.mjs';

/** @typedef {import('./steps.mjs').Run} Run */
/** @typedef {{ kube: import('./kube.mjs').Kube, namespace: string, release: string }} Where */

/**
 * Waits for the StatefulSets and Jobs of the release's manifest: brokers ready, seeder complete, static workers started.
 * @param {Run} run
 * @param {Where} where
 * @param {number} seconds
 */
export async function waitRollout(run, where, seconds) {
  const { kube, namespace, release } = where;
  const manifest = (await run.sh`helm --kube-context ${kube.context} --namespace ${namespace} get manifest ${release}`)
    .stdout;
  const objects = /** @type {Array<{ kind?: string, metadata: { name: string } } | null>} */ (loadAllYaml(manifest));
  const names = (/** @type {string} */ kind) =>
    objects.flatMap((object) => (object?.kind === kind ? [object.metadata.name] : []));
  const remedy = `kubectl --context ${kube.context} -n ${namespace} get events --sort-by=.lastTimestamp | tail -20`;
  for (const name of names('StatefulSet')) {
    await run.step(`waiting for the broker ${name}`, (say) =>
      waitFor(() => brokerState(where, name), {
        what: `StatefulSet ${name}`,
        seconds,
        signal: run.signal,
        say,
        remedy,
        explain: () => lastLog(kube, namespace, `${name}-0`),
      }),
    );
  }
  for (const name of names('Job')) {
    await run.step(`waiting for the Job ${name}`, (say) =>
      waitFor(() => jobState(where, name), { what: `Job ${name}`, seconds, signal: run.signal, say, remedy }),
    );
  }
}

/** @param {Pick<Where, 'kube' | 'namespace'>} where @param {string} name */
async function brokerState({ kube, namespace }, name) {
  const { done, state, pods } = await replicaState(
    kube,
    namespace,
    await kube.apps.readNamespacedStatefulSet({ namespace, name }),
  );
  return { done, state: `${state}${states(done ? [] : pods)}` };
}

/** A seeder must complete; the workers of static mode must only have started. @param {Where} where @param {string} name */
async function jobState({ kube, namespace }, name) {
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

/** @param {import('@kubernetes/client-node').V1Pod[]} pods */
function requireImage(pods) {
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

/**
 * @param {import('./kube.mjs').Kube} kube
 * @param {string} namespace
 * @param {string | undefined} name
 */
async function lastLog(kube, namespace, name) {
  const text =
    name && (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name, tailLines: 12 })).catch(() => undefined));
  return text ? `\nlast lines of ${name}:\n${text.trimEnd()}` : '';
}

const states = (/** @type {import('@kubernetes/client-node').V1Pod[]} */ pods) =>
  pods.length ? `: ${pods.map(podState).join(', ')}` : '';

/**
 * Waits for every broker of the project in the cluster, whichever release it belongs to.
 * @param {Run} run
 * @param {import('./kube.mjs').Kube} kube
 */
export async function waitBrokers(run, kube) {
  const sets = (await kube.apps.listStatefulSetForAllNamespaces({ labelSelector: PROJECT })).items;
  for (const { metadata } of sets) {
    const { name = '', namespace = '' } = metadata ?? {};
    await run.step(`waiting for the broker ${namespace}/${name}`, (say) =>
      waitFor(() => brokerState({ kube, namespace }, name), {
        what: `StatefulSet ${namespace}/${name}`,
        seconds: 180,
        signal: run.signal,
        say,
      }),
    );
  }
  return sets.length;
}
