/** Collects what `why` judges of a release in a cluster: its broker through a port-forward first, then its objects. */
import type { V1Node } from '@kubernetes/client-node';
import { loadConfig } from '../../core/runtime/config.js';
import { createLogger } from '../../core/runtime/logger.js';
import {
  COMPONENT,
  listPods,
  type ScaledJob,
  orAbsent,
  podState,
  type Kube,
  matching,
} from '../../ops/cluster/kube.js';
import { isPaused } from '../../ops/cluster/pause.js';
import { openRun } from '../../ops/cluster/open-run.js';
import { findReleaseEnv, type Where, type ReleaseEnv, jobsOf, selectorOf } from '../../ops/cluster/release.js';
import { readJob, readSet, readWarnings } from './collect-owners.js';
import type { Observation, ClusterFacts, ScaledJobFacts } from './facts.js';
import { lookTwice } from './look.js';

/** @param options flags: how scripts are pointed at this release */
export async function observe(
  where: Where,
  { seconds, runId, flags, signal }: { seconds: number; runId: string | undefined; flags: string; signal: AbortSignal },
): Promise<Observation> {
  const release = await findReleaseEnv(where);
  const id = runId ?? release?.values.RUN_ID;
  const broker = release
    ? await lookAtBroker(where, release, { seconds, runId, signal })
    : { reach: 'unasked' as const };
  // After the looks, so that it is no older than what they saw.
  const cluster = await observeCluster(where, release, { flags, runId: id });
  const limit = release?.values.CHUNK_TIMEOUT_SECONDS;
  return {
    runId: id ?? 'the run',
    backend: release?.staticJob
      ? 'static'
      : ((release?.values.QUEUE_BACKEND as Observation['backend'] | undefined) ?? 'redis'),
    now: Date.now(),
    chunkTimeoutSeconds: limit === undefined ? undefined : Number(limit),
    broker,
    cluster,
  };
}

async function lookAtBroker(
  where: Where,
  { values }: ReleaseEnv,
  { seconds, runId, signal }: { seconds: number; runId: string | undefined; signal: AbortSignal },
): Promise<Observation['broker']> {
  const opened = await openRun(where, runId);
  try {
    const config = loadConfig({ ...opened.env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text', POD_NAME: 'why' });
    const address =
      config.QUEUE_BACKEND === 'redis'
        ? `${values.REDIS_HOST}:${values.REDIS_PORT}`
        : `${values.RABBITMQ_HOST}:${values.RABBITMQ_PORT}`;
    const context = { config, log: createLogger(config, 'why', 2), stop: signal };
    const facts = await lookTwice(context, { seconds, where: address, logs: opened.logs });
    return facts.reach === 'silent' ? { ...facts, reason: opened.lastError() || facts.reason } : facts;
  } finally {
    await opened.close();
  }
}

/**
 * @param release undefined where nothing says what its environment is
 * @param options flags: how scripts are pointed at this release
 */
async function observeCluster(
  where: Where,
  release: ReleaseEnv | undefined,
  { flags, runId }: { flags: string; runId: string | undefined },
): Promise<ClusterFacts> {
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

function scaledJobFacts({ metadata, spec, status }: ScaledJob, warning: string | undefined): ScaledJobFacts {
  return {
    name: metadata.name ?? '',
    createdAt: Number(new Date(metadata.creationTimestamp ?? 0)),
    paused: isPaused({ metadata }),
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

/** Whoever may not see all namespaces or the API's groups says nothing about KEDA. */
async function readKeda(kube: Kube): Promise<ClusterFacts['keda']> {
  try {
    const served =
      (await orAbsent(kube.custom.getAPIResources({ group: 'keda.sh', version: 'v1alpha1' }))) !== undefined;
    const [operator] = (
      await kube.apps.listDeploymentForAllNamespaces({ fieldSelector: 'metadata.name=keda-operator' })
    ).items;
    if (!operator) return { served, operator: undefined };
    const { name = '', namespace = '' } = operator.metadata ?? {};
    const selector = matching(operator.spec?.selector.matchLabels);
    const ready = operator.status?.readyReplicas ?? 0;
    const pods = ready > 0 ? [] : (await listPods(kube, namespace, selector)).map(podState);
    return { served, operator: { namespace, name, wanted: operator.spec?.replicas ?? 1, ready, pods } };
  } catch {
    return undefined;
  }
}

/** @returns none where we may not see them */
async function notReadyNodes(kube: Kube): Promise<string[]> {
  const nodes = await kube.core.listNode().catch(() => undefined);
  const isUp = (node: V1Node) =>
    node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return (nodes?.items ?? []).filter((node) => !isUp(node)).map(({ metadata }) => metadata?.name ?? '');
}
