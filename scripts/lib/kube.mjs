/** The cluster as scripts see it: typed reads through the official client, and waiting on an observation with a deadline. */
import { ApiException, AppsV1Api, BatchV1Api, CoreV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { messageOf, Stop } from './steps.mjs';

export const PROJECT = 'ttg.io/project=distributed-compute';
export const COMPONENT = 'ttg.io/component';

/**
 * @typedef {object} Kube
 * @property {KubeConfig} config
 * @property {string} context
 * @property {CoreV1Api} core
 * @property {AppsV1Api} apps
 * @property {BatchV1Api} batch
 * @property {CustomObjectsApi} custom
 */
/** @typedef {import('@kubernetes/client-node').V1EnvVar} EnvVar */
/**
 * The part of a KEDA ScaledJob that scripts read.
 * @typedef {object} ScaledJob
 * @property {import('@kubernetes/client-node').V1ObjectMeta} metadata
 * @property {{ maxReplicaCount?: number, pollingInterval?: number, jobTargetRef: import('@kubernetes/client-node').V1JobSpec,
 *   triggers: Array<{ type: string, metadata: Record<string, string> }> }} spec
 * @property {{ conditions?: Array<{ type: string, status: string, reason?: string, message?: string }> }} [status]
 */

/**
 * The context that the shared flags name: --context as it is, else kind-<name>. It must exist: no script falls back
 * to whatever context happens to be current.
 * @param {{ name: string, context?: string | undefined }} flags
 * @returns {Kube}
 */
export function connect(flags) {
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

/**
 * What the read gives, or undefined where the object does not exist. Any other error is thrown, in one line.
 * @template T
 * @param {Promise<T>} read
 * @returns {Promise<T | undefined>}
 */
export async function orAbsent(read) {
  try {
    return await read;
  } catch (thrown) {
    if (thrown instanceof ApiException && thrown.code === 404) return undefined;
    throw new Error(apiMessage(thrown), { cause: thrown });
  }
}

/**
 * The client's errors carry headers and bodies; this is the sentence in them.
 * @param {unknown} thrown
 * @returns {string}
 */
export function apiMessage(thrown) {
  if (!(thrown instanceof ApiException)) {
    const message = messageOf(thrown);
    return /ECONNREFUSED|ECONNRESET|socket disconnected|socket hang up/.test(message)
      ? 'the API server does not answer'
      : message;
  }
  const match = /"message":"((?:[^"\\]|\\.)*)"/.exec(
    typeof thrown.body === 'string' ? thrown.body : JSON.stringify(thrown.body ?? ''),
  );
  return `Kubernetes answered ${thrown.code}: ${match?.[1]?.replaceAll('\\"', '"') ?? 'no message'}`;
}

/**
 * @param {Kube} kube
 * @param {string} namespace
 * @param {string} labelSelector
 * @returns {Promise<import('@kubernetes/client-node').V1Pod[]>}
 */
export async function listPods(kube, namespace, labelSelector) {
  return (await kube.core.listNamespacedPod({ namespace, labelSelector })).items;
}

const KEDA = { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledjobs' };

/**
 * @param {Kube} kube
 * @param {string} namespace
 * @param {string} labelSelector
 * @returns {Promise<ScaledJob[]>} none too where KEDA is not installed
 */
export async function listScaledJobs(kube, namespace, labelSelector) {
  const list = await orAbsent(kube.custom.listNamespacedCustomObject({ ...KEDA, namespace, labelSelector }));
  return /** @type {{ items: ScaledJob[] } | undefined} */ (list)?.items ?? [];
}

/**
 * @param {Kube} kube
 * @param {string} namespace
 * @param {string} name
 * @returns {Promise<Record<string, string> | undefined>} its keys, decoded
 */
export async function getSecret(kube, namespace, name) {
  const secret = await orAbsent(kube.core.readNamespacedSecret({ namespace, name }));
  if (!secret) return undefined;
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

/** @param {import('@kubernetes/client-node').V1Pod} pod */
export function isReady(pod) {
  return (
    !pod.metadata?.deletionTimestamp &&
    (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')
  );
}

/**
 * Why a pod is where it is: `ttg-redis-0 Pending (ImagePullBackOff)`.
 * @param {import('@kubernetes/client-node').V1Pod} pod
 */
export function podState(pod) {
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
