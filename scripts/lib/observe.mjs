/** What the Kubernetes API says of a release that may be in trouble: facts for cli/why, no judgement. */
import { COMPONENT, listPods, orAbsent, podState } from './kube.mjs';
import { readJob, readSet, readWarnings } from './observe-owners.mjs';
import { jobsOf, selectorOf } from './release.mjs';

/** @typedef {import('./release.mjs').Where} Where */
/** @typedef {import('../../dist/cli/diagnose/facts.js').ClusterFacts} ClusterFacts */

/**
 * @param {Where} where
 * @param {import('./release.mjs').ReleaseEnv | undefined} release undefined where nothing says what its environment is
 * @param {{ flags: string, runId: string | undefined }} options flags: how scripts are pointed at this release
 * @returns {Promise<ClusterFacts>}
 */
export async function observeCluster(where, release, { flags, runId }) {
  const { kube, namespace } = where;
  const [warnings, pods, { items: sets }, seeders, workers] = await Promise.all([
    readWarnings(kube, namespace),
    listPods(kube, namespace, selectorOf(where.release)),
    kube.apps.listNamespacedStatefulSet({ namespace, labelSelector: selectorOf(where.release) }),
    jobsOf(where, 'seeder'),
    jobsOf(where, 'worker'),
  ]);
  const around = { kube, pods, warnings };
  const { scaledJob, staticJob, values, secrets } = release ?? {};
  const set = sets.find(
    ({ metadata }) => !values?.QUEUE_BACKEND || metadata?.labels?.[COMPONENT] === values.QUEUE_BACKEND,
  );
  const seeder = seeders.find(({ metadata }) => runId === undefined || metadata?.labels?.['ttg.io/run-id'] === runId);
  const secret = secrets?.REDIS_PASSWORD ?? secrets?.RABBITMQ_PASSWORD;
  return {
    address: {
      kubectl: `kubectl --context ${kube.context} -n ${namespace}`,
      helm: `helm --kube-context ${kube.context} -n ${namespace}`,
      flags,
      namespace,
      release: where.release,
    },
    found: release !== undefined || set !== undefined,
    keda: await readKeda(kube),
    notReadyNodes: await notReadyNodes(kube),
    brokerSet: set && (await readSet(set, around)),
    secret: secret?.name,
    seeder: seeder && (await readJob(seeder, around)),
    scaledJob: scaledJob && scaledJobFacts(scaledJob, warnings.of('ScaledJob', scaledJob.metadata.name)),
    jobs: await Promise.all((staticJob ? [staticJob] : workers).map((job) => readJob(job, around))),
  };
}

/**
 * @param {import('./kube.mjs').ScaledJob} scaledJob
 * @param {string | undefined} warning
 * @returns {import('../../dist/cli/diagnose/facts.js').ScaledJobFacts}
 */
function scaledJobFacts({ metadata, spec, status }, warning) {
  const paused = metadata.annotations?.['autoscaling.keda.sh/paused'];
  return {
    name: metadata.name ?? '',
    createdAt: Number(new Date(metadata.creationTimestamp ?? 0)),
    // what Go's ParseBool takes for false is not paused, anything else is (apis/keda/v1alpha1/scaledjob_types.go)
    paused: paused !== undefined && !/^(0|f|F|false|FALSE|False)$/.test(paused),
    maxReplicas: spec.maxReplicaCount ?? 100,
    conditions: (status?.conditions ?? []).map(({ type, status: state, reason = '', message = '' }) => ({
      type,
      status: state,
      reason,
      message,
    })),
    warning,
  };
}

/** Whoever may not see all namespaces or the API's groups says nothing about KEDA. @param {import('./kube.mjs').Kube} kube @returns {Promise<ClusterFacts['keda']>} */
async function readKeda(kube) {
  try {
    const served =
      (await orAbsent(kube.custom.getAPIResources({ group: 'keda.sh', version: 'v1alpha1' }))) !== undefined;
    const [operator] = (
      await kube.apps.listDeploymentForAllNamespaces({ fieldSelector: 'metadata.name=keda-operator' })
    ).items;
    if (!operator) return { served, operator: undefined };
    const { name = '', namespace = '' } = operator.metadata ?? {};
    const selector = Object.entries(operator.spec?.selector.matchLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const ready = operator.status?.readyReplicas ?? 0;
    const pods = ready > 0 ? [] : (await listPods(kube, namespace, selector)).map(podState);
    return { served, operator: { namespace, name, wanted: operator.spec?.replicas ?? 1, ready, pods } };
  } catch {
    return undefined;
  }
}

/** @param {import('./kube.mjs').Kube} kube @returns {Promise<string[]>} none where we may not see them */
async function notReadyNodes(kube) {
  const nodes = await kube.core.listNode().catch(() => undefined);
  const isUp = (/** @type {import('@kubernetes/client-node').V1Node} */ node) =>
    node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return (nodes?.items ?? []).filter((node) => !isUp(node)).map(({ metadata }) => metadata?.name ?? '');
}
