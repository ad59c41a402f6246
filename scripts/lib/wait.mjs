/** Waiting on an observation with a deadline: a read that failed is not an observation, and the last one is in the error. */
import { setTimeout as sleep } from 'node:timers/promises';
import { apiMessage, isReady, listPods, orAbsent } from './kube.mjs';
import { Stop } from './steps.mjs';

const READ_LIMIT_MS = 15_000;

/**
 * @typedef {object} Observation
 * @property {boolean} done
 * @property {string} state shown while waiting, and in the error at the deadline
 */

/**
 * Observes until it is done. A `Stop` that the observation throws ends the waiting at once; any other error counts as
 * a failed read and is tried again.
 * @template {Observation} T
 * @param {() => Promise<T>} observe
 * @param {{ what: string, seconds: number, signal: AbortSignal, say?: (state: string) => void, everyMs?: number, remedy?: string,
 *   explain?: () => Promise<string> }} options explain: what to add to the error at the deadline, a log's end for instance
 * @returns {Promise<T>}
 */
export async function waitFor(observe, { what, seconds, signal, say, everyMs = 500, remedy, explain }) {
  const deadline = performance.now() + seconds * 1000;
  let state = 'nothing yet';
  let failure = '';
  do {
    signal.throwIfAborted();
    try {
      const seen = await limited(
        observe(),
        Math.min(READ_LIMIT_MS, Math.max(1000, deadline - performance.now())),
        signal,
      );
      if (seen.done) return seen;
      ({ state } = seen);
      failure = '';
      say?.(state);
    } catch (thrown) {
      if (thrown instanceof Stop) throw thrown;
      signal.throwIfAborted();
      failure = apiMessage(thrown);
      say?.(`cannot read: ${failure}`.slice(0, 160));
    }
    await sleep(Math.min(everyMs, Math.max(0, deadline - performance.now())), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
  } while (performance.now() < deadline);
  const more = await explain?.().catch(() => '');
  throw new Stop(
    `${what}: not within ${seconds} s; last observed: ${state}${failure ? `; last read failed: ${failure}` : ''}${more ?? ''}`,
    remedy,
  );
}

/**
 * @template T
 * @param {Promise<T>} read
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
async function limited(read, ms, signal) {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(() => {
    throw new Error(`no answer within ${Math.round(ms / 1000)} s`);
  });
  late.catch(() => {});
  read.catch(() => {});
  try {
    return await Promise.race([read, late]);
  } finally {
    over.abort();
  }
}

/**
 * How far a Deployment or StatefulSet is. Its own status alone will not do: after a restart of the control plane that
 * may be the one from before, so its pods are counted too.
 * @param {import('./kube.mjs').Kube} kube
 * @param {string} namespace
 * @param {import('@kubernetes/client-node').V1Deployment | import('@kubernetes/client-node').V1StatefulSet} owner
 */
export async function replicaState(kube, namespace, { metadata, spec, status }) {
  const wanted = spec?.replicas ?? 1;
  const selector = Object.entries(spec?.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = await listPods(kube, namespace, selector);
  const ready = Math.min(pods.filter(isReady).length, status?.readyReplicas ?? 0);
  const current =
    (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) && (status?.updatedReplicas ?? 0) >= wanted;
  return { done: wanted > 0 && ready >= wanted && current, state: `${ready} of ${wanted} ready`, pods };
}

/**
 * @param {import('./kube.mjs').Kube} kube
 * @param {string} namespace
 * @param {string} name
 */
export async function deploymentState(kube, namespace, name) {
  const found = await orAbsent(kube.apps.readNamespacedDeployment({ namespace, name }));
  if (!found) return { done: false, state: `Deployment ${namespace}/${name} does not exist` };
  return replicaState(kube, namespace, found);
}
