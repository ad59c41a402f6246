/** What operators do: the demo with a fault on each broker, and a clean-up that leaves others' things alone. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CLUSTER, IMAGE_TAG, KUBECONFIG, ROOT } from './support/place.js';
import { Release } from './support/release.js';

for (const backend of ['redis', 'rabbitmq']) {
  test(`demo --fault over ${backend}: a killed worker's chunk is completed by another one, and the run is complete`, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['scripts/demo.mjs', '--fault', '--backend', backend, '--name', CLUSTER, '--namespace', `e2e-demo-${backend}`],
      { cwd: ROOT, env: { ...process.env, KUBECONFIG }, maxBuffer: 1 << 26 },
    );
    expect(stdout).toContain('COMPLETE     every parameter counts exactly once');
    expect(stdout).toMatch(/fault +\S+ was killed in the middle of chunk \d+; \S+ completed it at attempt [2-9]/);
    console.log(
      stdout
        .split('\n')
        .filter((line) => /^(fault |wall clock)/.test(line))
        .join('\n'),
    );
  });
}

const LABEL = 'ttg.io/project=distributed-compute';

test('cleanup keeps data until it is told not to, then removes all of TTG, and leaves a foreign pod in the same namespace alone', async () => {
  await using release = await Release.in('e2e-cleanup');
  await release.apply('install', 'small-redis', 'run.totalParameters=100', 'computation.simulateWorkMs=0');
  expect((await release.helm('test', 'ttg', '--timeout', '200s')).status).toBe(0);
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  await release.kube.core.createNamespacedPod({
    namespace: release.namespace,
    body: {
      metadata: { name: 'foreign' },
      spec: {
        containers: [
          {
            name: 'c',
            image: `ttg:${IMAGE_TAG}`,
            imagePullPolicy: 'IfNotPresent',
            command: ['node', '-e', 'setInterval(() => {}, 1000)'],
            securityContext,
          },
        ],
      },
    },
  });

  const plan = await release.script('cleanup', '--all', '--data', '--dry-run');
  expect(plan.status).toBe(0);
  expect((await release.pods('redis')).length, 'a dry run removes nothing').toBe(1);

  const kept = await release.script('cleanup', '--all', '--force');
  expect(kept.status, kept.output).toBe(0);
  const data = await release.kubectl('get', 'all,pvc,secrets,scaledjobs', '-l', LABEL, '-o', 'name');
  expect(data.output.trim().split('\n')).toEqual(['persistentvolumeclaim/data-ttg-redis-0', 'secret/ttg-auth']);
  await release.apply('install', 'small-redis', 'run.totalParameters=100', 'computation.simulateWorkMs=0');
  expect((await release.helm('test', 'ttg', '--timeout', '200s')).status, 'the run is there again').toBe(0);

  const cleaned = await release.script('cleanup', '--all', '--data', '--force');
  expect(cleaned.status, cleaned.output).toBe(0);

  const left = await release.kubectl(
    'get',
    'all,pvc,secrets,configmaps,scaledjobs,serviceaccounts,roles',
    '-l',
    LABEL,
    '-o',
    'name',
  );
  expect(left.output.replace('No resources found', '').trim()).toBe('');
  const foreign = await release.kube.core.readNamespacedPod({ namespace: release.namespace, name: 'foreign' });
  expect(foreign.metadata?.deletionTimestamp).toBeUndefined();
  release.passed();
});
