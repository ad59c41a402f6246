/** A release's worker pods as faults see them: who holds what, who is dead, and signals until their effect is seen. */
import { heldBy } from '../../demo/held.mjs';
import { listPods, orAbsent } from '../../kube.mjs';
import { selectorOf } from '../../release.mjs';
import { Stop } from '../../steps.mjs';
import { exec, signalScript, stateScript, strike } from './exec.mjs';

/**
 * @typedef {import('../../release.mjs').Where} Where
 * @typedef {import('@kubernetes/client-node').V1Pod} V1Pod
 * @typedef {import('../types.mjs').Stage['until']} Until
 */

/** @param {V1Pod} pod */
export const nameOf = (pod) => pod.metadata?.name ?? '';

/** @param {Where} where @param {string} component @returns {Promise<V1Pod[]>} */
export function podsOf({ kube, namespace, release }, component) {
  return listPods(kube, namespace, selectorOf(release, component));
}

/** @param {Where} where @returns {Promise<V1Pod[]>} those that compute, or could */
export async function runningWorkers(where) {
  return (await podsOf(where, 'worker')).filter(
    (pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp,
  );
}

/** @param {Where} where @param {string} name @returns {Promise<string>} all that a pod has printed, or '' where it is gone */
export async function logOf({ kube, namespace }, name) {
  return (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name }))) ?? '';
}

/**
 * @param {Where} where
 * @param {string} name
 * @param {boolean} tells whether logs say which chunk was started
 * @returns {Promise<import('../types.mjs').Held[]>} the latest start first
 */
export async function heldByPod(where, name, tells) {
  if (!tells) return [{ worker: name, chunkId: '', startedAt: 0 }];
  return heldBy(name, await logOf(where, name)).sort((a, b) => b.startedAt - a.startedAt);
}

/** @param {Where} where @param {boolean} tells @returns {Promise<import('../types.mjs').Held[]>} */
export async function heldByWorkers(where, tells) {
  const held = await Promise.all((await runningWorkers(where)).map((pod) => heldByPod(where, nameOf(pod), tells)));
  return held.flat();
}

/** How a pod's container ended, if it did. @param {V1Pod | undefined} pod */
export function endOf(pod) {
  const status = pod?.status?.containerStatuses?.[0];
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

/** @param {Where} where */
export async function killedWorkers(where) {
  const dead = (await podsOf(where, 'worker')).filter((pod) => endOf(pod)?.exitCode === 137);
  // To the second, which is all that the kubelet says.
  return dead.map((pod) => ({
    name: nameOf(pod),
    at: Number(endOf(pod)?.finishedAt ?? Date.now()),
    observed: `${nameOf(pod)}: exit status 137`,
  }));
}

/**
 * @param {Where} where @param {string} name @param {Until} until
 * @returns {Promise<import('@kubernetes/client-node').V1ContainerStateTerminated>}
 */
export async function untilEnded({ kube, namespace }, name, until) {
  return until(async () => {
    const pod = await orAbsent(kube.core.readNamespacedPod({ namespace, name }));
    if (!pod) throw new Stop(`${name} is gone: how it ended cannot be seen any more`);
    return endOf(pod);
  }, `${name} ended`);
}

/** @param {Where} where @param {string} name @param {Until} until */
export async function killWorker(where, name, until) {
  const struck = await strike(where, name, signalScript('worker', 'KILL'));
  const { exitCode } = await untilEnded(where, name, until);
  if (exitCode !== 137) throw new Stop(`${name} ended by itself (exit status ${exitCode}), not by the kill`);
  return { at: struck.at, observed: `${struck.observed} ended with exit status 137` };
}

/** @param {Where} where @param {string} name @param {Until} until */
export async function freezeWorker(where, name, until) {
  const struck = await strike(where, name, signalScript('worker', 'STOP'));
  await until(async () => (await exec(where, name, stateScript('worker'))).trim() === 'T', `${name} stopped`);
  return { at: struck.at, observed: `${struck.observed} in state T` };
}

/** @param {Where} where @param {string} name @param {Until} until */
export async function wakeWorker(where, name, until) {
  await strike(where, name, signalScript('worker', 'CONT'));
  await until(async () => {
    const pod = (await podsOf(where, 'worker')).find((each) => nameOf(each) === name);
    return endOf(pod) !== undefined || (await exec(where, name, stateScript('worker'))).trim() !== 'T';
  }, `${name} goes on`);
}

/** @param {Where} where @returns {Promise<string[]>} workers and seeders that have not left, each with the end of its log */
export async function stayingPods(where) {
  const pods = [...(await podsOf(where, 'worker')), ...(await podsOf(where, 'seeder'))].filter((pod) =>
    /^(Pending|Running)$/.test(pod.status?.phase ?? ''),
  );
  return Promise.all(
    pods.map(async (pod) => {
      const log = await logOf(where, nameOf(pod)).catch((thrown) => String(thrown));
      return `${nameOf(pod)} (${pod.status?.phase} on ${pod.spec?.nodeName}) stays:\n${log.split('\n').slice(-8).join('\n')}`;
    }),
  );
}
