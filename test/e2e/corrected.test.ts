/**
 * A release whose workers could not start goes on as soon as it is corrected, and no worker that started is killed for
 * it.
 */
import { expect, test } from 'vitest';
import { eventually } from '../support/wait.js';
import { Release } from './support/release.js';
import { WorkerObserver } from './support/observer.js';

const NOWHERE = 'worker.nodeSelector.disk=none-such';
const MAX = 10;

for (const backend of ['redis', 'rabbitmq']) {
  test(`workers that no node takes make room once the selector is corrected, over ${backend}`, async () => {
    await using release = await Release.in(`e2e-corrected-${backend}`);
    const waiting = async () => (await release.pods('worker')).filter(({ status }) => status?.phase === 'Pending');
    await release.apply('install', `small-${backend}`, NOWHERE);
    await using observer = new WorkerObserver(release);
    await eventually(async () => (await waiting()).length === MAX, 60_000, 'ten worker pods that no node takes');
    const before = new Set((await release.workerJobs()).map(({ metadata }) => metadata?.name));

    await release.apply('upgrade', `small-${backend}`);
    await eventually(
      async () => (await release.workerJobs()).every(({ metadata }) => !before.has(metadata?.name)),
      30_000,
      'the Jobs of the first release gone',
    );
    expect(observer.peakJobs, 'unfinished worker Jobs at the same time').toBeLessThanOrEqual(MAX);
    expect((await release.helm('test', 'ttg', '--timeout', '300s')).status).toBe(0);
    // A pod whose Job is deleted without it would wait for ever.
    expect(await waiting()).toEqual([]);
    release.passed();
  });
}

test('a worker at work outlives the upgrade that removes those beside it which never started', async () => {
  await using release = await Release.in('e2e-corrected-mixed');
  const running = async () => (await release.pods('worker')).filter(({ status }) => status?.phase === 'Running');
  // Two fit beside the broker's and the seeder's request, the others wait for a node.
  await release.kubectl('create', 'quota', 'two', '--hard=requests.cpu=500m');
  const slow = ['computation.simulateWorkMs=200', 'worker.maxReplicas=4', 'worker.resources.requests.cpu=150m'];
  await release.apply('install', 'small-redis', ...slow);
  await eventually(async () => (await running()).length === 2, 60_000, 'two workers at work');
  await eventually(async () => (await release.workerJobs()).length === 4, 30_000, 'two Jobs without a pod');
  const workers = new Set((await running()).map(({ metadata }) => metadata?.labels?.['batch.kubernetes.io/job-name']));

  await release.kubectl('delete', 'quota', 'two');
  await release.apply('upgrade', 'small-redis', ...slow, 'worker.podAnnotations.corrected=true');
  await eventually(async () => (await running()).length === 4, 60_000, 'four workers at work');
  const names = (await release.workerJobs()).map(({ metadata }) => metadata?.name);
  for (const name of workers) expect(names, 'a worker that was at work').toContain(name);
  expect((await release.helm('test', 'ttg', '--timeout', '600s')).status).toBe(0);
  release.passed();
});
