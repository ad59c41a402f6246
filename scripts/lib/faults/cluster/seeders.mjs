/** The seeder's Jobs and pods of a release. */
import { Stop } from '../../steps.mjs';
import { selectorOf } from '../../release.mjs';
import { logOf, nameOf, podsOf } from './workers.mjs';

/** @typedef {import('../../release.mjs').Where} Where */

/** @param {Where} where @returns {Promise<import('@kubernetes/client-node').V1Job[]>} newest first */
export async function seederJobs({ kube, namespace, release }) {
  const { items } = await kube.batch.listNamespacedJob({ namespace, labelSelector: selectorOf(release, 'seeder') });
  return items.sort((a, b) => Number(b.metadata?.creationTimestamp ?? 0) - Number(a.metadata?.creationTimestamp ?? 0));
}

/**
 * Every seeder Job has completed.
 * @param {Where} where
 * @param {import('../types.mjs').Stage['until']} until
 */
export async function seederEnded(where, until) {
  await until(async () => {
    const jobs = await seederJobs(where);
    const has = (/** @type {typeof jobs[number]} */ job, /** @type {string} */ type) =>
      job.status?.conditions?.some((c) => c.type === type && c.status === 'True') === true;
    const failed = jobs.find((job) => has(job, 'Failed'));
    if (failed) throw new Stop(`${failed.metadata?.name} failed\n${await seederLogs(where)}`);
    return jobs.length > 0 && jobs.every((job) => has(job, 'Complete'));
  }, 'the end of the seeding');
}

/** @param {Where} where @returns {Promise<string>} */
async function seederLogs(where) {
  const logs = await Promise.all(
    (await podsOf(where, 'seeder')).map(
      async (pod) => `${nameOf(pod)}:\n${(await logOf(where, nameOf(pod))).split('\n').slice(-8).join('\n')}`,
    ),
  );
  return logs.join('\n');
}
