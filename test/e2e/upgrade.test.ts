/** Upgrades in the middle of a run kill no worker and mix nothing; and the number of workers follows the queue. */
import { expect, test } from 'vitest';
import { eventually } from '../support/wait.js';
import { Release } from './support/release.js';
import { WorkerObserver } from './support/observer.js';
import { judge } from '../../core/ledger/verdict.js';
import { expectedOf } from '../../compute/expected.js';

for (const backend of ['redis', 'rabbitmq']) {
  test(`an upgrade to a second run over ${backend}, in the middle of the first, kills no worker and mixes nothing`, async () => {
    await using release = await Release.in(`e2e-upgrade-${backend}`);
    const secret = async () => (await release.kubectl('get', 'secret', 'ttg-auth', '-o', 'jsonpath={.data}')).output;
    await release.apply('install', `small-${backend}`);
    await release.withBroker(async (broker) => {
      await eventually(async () => (await broker.depth()).leased > 0, 60_000, 'the first run under way');
    });
    const before = (await release.pods('worker')).map((pod) => pod.metadata?.name);
    const password = await secret();

    await release.apply('upgrade', `small-${backend}`, 'run.id=run-2', 'run.totalParameters=500');
    expect(before.length, 'workers at the time of the upgrade').toBeGreaterThan(0);
    const after = await release.pods('worker');
    for (const name of before) {
      const pod = after.find((p) => p.metadata?.name === name);
      expect(pod, `${name} is still there`).toBeDefined();
      expect(pod?.metadata?.deletionTimestamp, `${name} is not being deleted`).toBeUndefined();
    }
    expect(await secret(), 'the password is kept').toBe(password);
    const tested = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
    expect(tested.output).toContain('COMPLETE');
    expect(tested.status).toBe(0);

    const pods = await release.pods('worker');
    for (const pod of pods.filter((p) => before.includes(p.metadata?.name)))
      expect(pod.status?.phase, pod.metadata?.name).not.toBe('Failed');
    for (const [runId, total] of [
      ['run-1', 1000],
      ['run-2', 500],
    ] as const) {
      const ledger = await eventually(
        async () => {
          const read = await release.ledger(runId);
          return read.plan && read.missing().length === 0 ? read : undefined;
        },
        60_000,
        `${runId} complete`,
      );
      const verdict = judge(ledger, expectedOf(ledger));
      expect(verdict.faults).toEqual([]);
      expect(verdict.parameters.ok).toBe(total);
      expect(verdict.deduplicated, 'no chunk was computed twice').toBe(0);
      expect(verdict.recovered, 'no worker lost a chunk').toBe(0);
    }
    release.passed();
  });

  test.each([30, 70])(`%i chunks over ${backend} get one worker for ten, not more`, async (chunks) => {
    await using release = await Release.in(`e2e-proportion-${backend}-${chunks}`);
    await release.apply('install', `small-${backend}`, `run.totalParameters=${chunks * 10}`);
    await using observer = new WorkerObserver(release);
    expect((await release.helm('test', 'ttg', '--timeout', '300s')).status).toBe(0);
    expect(observer.peakJobs).toBe(Math.ceil(chunks / 10));
    release.passed();
  });
}
