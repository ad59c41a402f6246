/** A run from `helm install` to `helm test`, over each broker: complete, in proportion, and back to zero. */
import { expect, test } from 'vitest';
import { eventually } from '../support/wait.js';
import { Release } from './support/release.js';
import { WorkerObserver } from './support/observer.js';
import { readLedger } from '../../core/ledger/ledger.js';
import { judge } from '../../core/ledger/verdict.js';
import { makeReport } from '../../core/ledger/report.js';
import { expectedOf } from '../../compute/expected.js';

const isActive = (phase: string | undefined): boolean => phase === 'Pending' || phase === 'Running';

for (const backend of ['redis', 'rabbitmq']) {
  test(`small preset over ${backend}: installs, computes every parameter once, scales back to zero, and helm test says so`, async () => {
    await using release = await Release.in(`e2e-small-${backend}`);
    await release.apply('install', `small-${backend}`);
    await using observer = new WorkerObserver(release);

    const tested = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
    expect(tested.output).toContain('COMPLETE     every parameter counts exactly once');
    expect(tested.status).toBe(0);

    await eventually(
      async () => !(await release.pods('worker')).some((pod) => isActive(pod.status?.phase)),
      30_000,
      'zero worker pods',
    );
    const ledger = await release.ledger('run-1');
    const verdict = judge(ledger, expectedOf(ledger));
    expect(verdict.faults).toEqual([]);
    expect(verdict.parameters).toEqual({ expected: 1000, ok: 1000, dead: 0, missing: 0, duplicated: 0 });
    expect(verdict.sum).toBe('500035.5');
    expect(observer.peakJobs).toBe(10);

    const report = makeReport(ledger);
    const idle = (observer.lastActiveAt - Date.parse(ledger.tally.lastCompletedAt ?? '')) / 1000;
    console.log(
      `${backend}: first start ${report.firstStartSeconds} s, last result ${report.wallSeconds} s after t0; last worker gone ${idle.toFixed(1)} s after that; ${observer.pods.size} pods`,
    );

    const again = await release.helm('test', 'ttg', '--logs', '--timeout', '60s');
    expect(again.status, 'helm test can be run again').toBe(0);
    release.passed();
  });
}

for (const preset of ['medium-redis', 'medium-rabbitmq', 'large-redis', 'large-rabbitmq']) {
  test(`${preset} is complete and verified`, async () => {
    await using release = await Release.in(`e2e-${preset}`);
    await release.apply('install', preset);
    const tested = await release.helm('test', 'ttg', '--logs', '--timeout', '400s');
    expect(tested.output).toContain('COMPLETE     every parameter counts exactly once');
    expect(tested.status).toBe(0);
    const [report, capacity] = await release.withBroker(
      async (broker) =>
        [makeReport(await readLedger(() => broker.records(), 'run-1')), await broker.capacity()] as const,
    );
    const mib = Math.round((capacity.memoryUsed ?? 0) / 1024 / 1024);
    console.log(
      `${preset}: first start ${report.firstStartSeconds} s, last result ${report.wallSeconds} s after t0, ${report.parametersPerSecond} parameters/s, broker memory ${mib} MiB`,
    );
    release.passed();
  });
}

test("static mode: an Indexed Job without a broker, and helm test reads the records from its pods' logs", async () => {
  await using release = await Release.in('e2e-static');
  await release.apply('install', 'static');
  const tested = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
  expect(tested.output).toContain('COMPLETE     every parameter counts exactly once');
  expect(tested.status).toBe(0);

  const [pod] = await release.pods('worker');
  await release.kubectl('delete', 'pod', pod?.metadata?.name ?? '');
  const index = pod?.metadata?.annotations?.['batch.kubernetes.io/job-completion-index'];
  const lost = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
  expect(lost.status, 'a lost log is a gap').not.toBe(0);
  expect(lost.output).toContain(`index ${index}`);
  release.passed();
});

test('a record that is gone from the log fails helm test, which names the parameters; seeding the run again repairs it', async () => {
  await using release = await Release.in('e2e-gap');
  const install = ['computation.simulateWorkMs=0', 'verify.deadlineSeconds=90'];
  await release.apply('install', 'small-redis', ...install);
  expect((await release.helm('test', 'ttg', '--timeout', '150s')).status).toBe(0);

  const cli = (...args: string[]) => release.kubectl('exec', 'ttg-redis-0', '-c', 'redis', '--', 'redis-cli', ...args);
  const records = (await cli('XRANGE', 'ttg:results', '-', '+')).output;
  const [, id] = /(\d+-\d+)\n(?:chunk_id\n00042\n)/.exec(records) ?? [];
  expect((await cli('XDEL', 'ttg:results', id ?? '')).output.trim()).toBe('1');
  const gap = await release.helm('test', 'ttg', '--logs', '--timeout', '150s');
  expect(gap.status).not.toBe(0);
  expect(gap.output).toContain('420–429');

  await release.apply('upgrade', 'small-redis', ...install);
  const repaired = await release.helm('test', 'ttg', '--logs', '--timeout', '150s');
  expect(repaired.output).toContain('1000 expected: 1000 results, 0 dead, 0 missing, 0 counted twice');
  expect(repaired.status).toBe(0);
  release.passed();
});
