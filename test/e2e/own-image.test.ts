/** Workers in an image that has nothing: no Node, no library, no shell, no user, no folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLUSTER } from './support/place.js';
import { Release } from './support/release.js';

const IMAGE = 'ttg-e2e-empty:1';
const folder = mkdtempSync(join(tmpdir(), 'ttg-e2e-empty-'));

beforeAll(() => {
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY nothing /nothing\n');
  writeFileSync(join(folder, 'nothing'), '');
  execFileSync('docker', ['build', '--quiet', '--tag', IMAGE, folder], { stdio: 'pipe' });
  execFileSync('kind', ['load', 'docker-image', IMAGE, '--name', CLUSTER], { stdio: 'pipe' });
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['redis', 'rabbitmq'])('a worker runs in an empty image, as a user of no name, over %s', async (backend) => {
  await using release = await Release.in(`e2e-own-image-${backend}`);
  const own = [`worker.image=${IMAGE}`, 'worker.runAsUser=65532', 'worker.maxReplicas=2'];
  await release.apply('install', `small-${backend}`, ...own, 'computation.simulateWorkMs=1');
  const tested = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
  expect(tested.output).toContain('COMPLETE     every parameter counts exactly once');
  expect(tested.output).toContain('sum 500035.5');
  expect(tested.status).toBe(0);

  const [pod] = await release.pods('worker');
  expect(pod?.spec?.containers[0]?.image).toBe(IMAGE);
  const { output } = await release.kubectl('logs', pod?.metadata?.name ?? '', '-c', 'install');
  console.log(output.trim());
  expect(output).toContain('installed');
  release.passed();
});
