/**
 * A release's worker and seeder pods: which chunks they hold, how they ended, and signals until their effect is seen.
 */
import type { V1Pod, V1ContainerStateTerminated } from '@kubernetes/client-node';
import { inFlightOf, type InFlight } from '../run/chunk-log.js';
import type { Effect } from '../run/observe.js';
import { Stop } from '../script/stop.js';
import type { Until } from '../script/wait.js';
import { signalScript, signalInPod, exec, stateScript } from './exec.js';
import { listPods, orAbsent } from './kube.js';
import { jobsOf, selectorOf, type Where } from './release.js';

export const nameOf = (pod: V1Pod) => pod.metadata?.name ?? '';

export function podsOf({ kube, namespace, release }: Where, component: string): Promise<V1Pod[]> {
  return listPods(kube, namespace, selectorOf(release, component));
}

/** @returns those that compute, or could */
export async function runningWorkers(where: Where): Promise<V1Pod[]> {
  return (await podsOf(where, 'worker')).filter(
    (pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp,
  );
}

/** @returns all that a pod has printed, or '' where it is gone */
export async function logOf({ kube, namespace }: Where, name: string): Promise<string> {
  return (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name }))) ?? '';
}

/**
 * @param logsChunks whether logs say which chunk was started
 * @returns the latest start first
 */
export async function inFlightOfPod(where: Where, name: string, logsChunks: boolean): Promise<InFlight[]> {
  if (!logsChunks) return [{ worker: name, chunkId: '', startedAt: 0 }];
  return inFlightOf(name, await logOf(where, name)).sort((a, b) => b.startedAt - a.startedAt);
}

export async function inFlightOfWorkers(where: Where, logsChunks: boolean): Promise<InFlight[]> {
  const chunks = await Promise.all(
    (await runningWorkers(where)).map((pod) => inFlightOfPod(where, nameOf(pod), logsChunks)),
  );
  return chunks.flat();
}

/** How a pod's container ended, if it did. */
export function endOf(pod: V1Pod | undefined) {
  const status = pod?.status?.containerStatuses?.[0];
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

export async function killedWorkers(where: Where) {
  const dead = (await podsOf(where, 'worker')).filter((pod) => endOf(pod)?.exitCode === 137);
  // To the second, which is all that the kubelet says.
  return dead.map((pod) => ({
    name: nameOf(pod),
    at: Number(endOf(pod)?.finishedAt ?? Date.now()),
    observed: `${nameOf(pod)}: exit status 137`,
  }));
}

export async function untilEnded(
  { kube, namespace }: Where,
  name: string,
  until: Until,
): Promise<V1ContainerStateTerminated> {
  return until(async () => {
    const pod = await orAbsent(kube.core.readNamespacedPod({ namespace, name }));
    if (!pod) throw new Stop(`${name} is gone: how it ended cannot be seen any more`);
    return endOf(pod);
  }, `${name} ended`);
}

export async function killWorker(where: Where, name: string, until: Until): Promise<Effect> {
  const sent = await signalInPod(where, name, signalScript('worker', 'KILL'));
  const { exitCode } = await untilEnded(where, name, until);
  if (exitCode !== 137) throw new Stop(`${name} ended by itself (exit status ${exitCode}), not by the kill`);
  return { at: sent.at, observed: `${sent.observed} ended with exit status 137` };
}

export async function freezeWorker(where: Where, name: string, until: Until): Promise<Effect> {
  const sent = await signalInPod(where, name, signalScript('worker', 'STOP'));
  await until(async () => (await exec(where, name, stateScript('worker'))).trim() === 'T', `${name} stopped`);
  return { at: sent.at, observed: `${sent.observed} in state T` };
}

export async function wakeWorker(where: Where, name: string, until: Until) {
  await signalInPod(where, name, signalScript('worker', 'CONT'));
  await until(async () => {
    const pod = (await podsOf(where, 'worker')).find((each) => nameOf(each) === name);
    return endOf(pod) !== undefined || (await exec(where, name, stateScript('worker'))).trim() !== 'T';
  }, `${name} goes on`);
}

/** @returns workers and seeders that have not left, each with the end of its log */
export async function remainingPods(where: Where): Promise<string[]> {
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

/** Every seeder Job has completed. */
export async function seederEnded(where: Where, until: Until) {
  await until(async () => {
    const jobs = await jobsOf(where, 'seeder');
    const has = (job: (typeof jobs)[number], type: string) =>
      job.status?.conditions?.some((c) => c.type === type && c.status === 'True') === true;
    const failed = jobs.find((job) => has(job, 'Failed'));
    if (failed) throw new Stop(`${failed.metadata?.name} failed\n${await seederLogs(where)}`);
    return jobs.length > 0 && jobs.every((job) => has(job, 'Complete'));
  }, 'the end of the seeding');
}

async function seederLogs(where: Where): Promise<string> {
  const logs = await Promise.all(
    (await podsOf(where, 'seeder')).map(
      async (pod) => `${nameOf(pod)}:\n${(await logOf(where, nameOf(pod))).split('\n').slice(-8).join('\n')}`,
    ),
  );
  return logs.join('\n');
}
