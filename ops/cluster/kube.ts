/** The cluster as scripts see it: typed reads through the official client. */
import {
  type V1Deployment,
  type V1StatefulSet,
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type V1ObjectMeta,
  type V1JobSpec,
  ApiException,
  type V1Pod,
  type V1PodStatus,
} from '@kubernetes/client-node';
import { apiMessage, Stop } from '../script/stop.js';

/**
 * How far a Deployment or StatefulSet is. Its own status alone will not do: after a restart of the control plane that
 * may be the one from before, so its pods are counted too.
 */
export async function replicaState(
  kube: Kube,
  namespace: string,
  { metadata, spec, status }: V1Deployment | V1StatefulSet,
) {
  const wanted = spec?.replicas ?? 1;
  const selector = matching(spec?.selector.matchLabels);
  const pods = await listPods(kube, namespace, selector);
  const ready = Math.min(pods.filter(isReady).length, status?.readyReplicas ?? 0);
  const current =
    (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) && (status?.updatedReplicas ?? 0) >= wanted;
  return { done: wanted > 0 && ready >= wanted && current, state: `${ready} of ${wanted} ready`, pods };
}

export async function deploymentState(kube: Kube, namespace: string, name: string) {
  const found = await orAbsent(kube.apps.readNamespacedDeployment({ namespace, name }));
  if (!found) return { done: false, state: `Deployment ${namespace}/${name} does not exist` };
  return replicaState(kube, namespace, found);
}

export const PROJECT = 'ttg.io/project=distributed-compute';

export const COMPONENT = 'ttg.io/component';

export interface Kube {
  config: KubeConfig;
  context: string;
  core: CoreV1Api;
  apps: AppsV1Api;
  batch: BatchV1Api;
  custom: CustomObjectsApi;
}

/** The part of a KEDA ScaledJob that scripts read. */
export interface ScaledJob {
  metadata: V1ObjectMeta;
  spec: {
    maxReplicaCount?: number;
    pollingInterval?: number;
    jobTargetRef: V1JobSpec;
    triggers: Array<{ type: string; metadata: Record<string, string> }>;
  };
  status?: { conditions?: Array<{ type: string; status: string; reason?: string; message?: string }> };
}

/**
 * The context that the shared flags name: --context as it is, else kind-<name>. It must exist: no script falls back
 * to whatever context happens to be current.
 */
export function connect(flags: { name: string; context?: string | undefined }): Kube {
  const context = flags.context ?? `kind-${flags.name}`;
  const config = new KubeConfig();
  config.loadFromDefault();
  const known = config.getContexts().map((c) => c.name);
  if (!known.includes(context)) {
    throw new Stop(
      `kubectl knows no context ${context} (it knows: ${known.join(', ') || 'none'})`,
      `create a Kind cluster with \`npx zx scripts/kind-up.mjs --name ${flags.name}\`, or name another context with --context`,
    );
  }
  config.setCurrentContext(context);
  return {
    config,
    context,
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    batch: config.makeApiClient(BatchV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
  };
}

/** What the read gives, or undefined where the object does not exist. Any other error is thrown, in one line. */
export async function orAbsent<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (thrown) {
    if (thrown instanceof ApiException && thrown.code === 404) return undefined;
    throw new Error(apiMessage(thrown), { cause: thrown });
  }
}

export async function listPods(kube: Kube, namespace: string, labelSelector: string): Promise<V1Pod[]> {
  return (await kube.core.listNamespacedPod({ namespace, labelSelector })).items;
}

const KEDA = { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledjobs' };

/** A selector for exactly these labels. */
export const matching = (labels: Readonly<Record<string, string>> = {}): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** @returns none too where KEDA is not installed */
export async function listScaledJobs(kube: Kube, namespace: string, labelSelector: string): Promise<ScaledJob[]> {
  const list = (await orAbsent(kube.custom.listNamespacedCustomObject({ ...KEDA, namespace, labelSelector }))) as
    { items: ScaledJob[] } | undefined;
  return list?.items ?? [];
}

/** @returns its keys, decoded */
export async function getSecret(
  kube: Kube,
  namespace: string,
  name: string,
): Promise<{ data: Record<string, string>; labels: Record<string, string> } | undefined> {
  const secret = await orAbsent(kube.core.readNamespacedSecret({ namespace, name }));
  if (!secret) return undefined;
  const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  return { data: Object.fromEntries(decoded) as Record<string, string>, labels: secret.metadata?.labels ?? {} };
}

/** What is read of a pod, whether the client or kubectl gave it. */
export interface PodLook {
  readonly metadata?: { readonly name?: string; readonly deletionTimestamp?: unknown };
  readonly status?: V1PodStatus;
}

export function isReady(pod: PodLook): boolean {
  return (
    !pod.metadata?.deletionTimestamp &&
    (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')
  );
}

/** Why a pod is where it is: `ttg-redis-0 Pending (ImagePullBackOff)`. */
export function podState(pod: PodLook): string {
  const waiting = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    .map((c) => c.state?.waiting?.reason ?? c.state?.terminated?.reason)
    .find((reason) => reason && reason !== 'Completed');
  const unschedulable = pod.status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')?.message;
  const phase = pod.metadata?.deletionTimestamp
    ? 'Terminating'
    : pod.status?.phase === 'Running' && isReady(pod)
      ? 'Ready'
      : pod.status?.phase;
  const reason = waiting ?? unschedulable;
  return `${pod.metadata?.name} ${phase}${reason ? ` (${reason})` : ''}`;
}
