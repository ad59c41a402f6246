/**
 * The broker's password is made once and stays, whatever installs the chart, and it fits data that is older than it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/wait.js';
import { IMAGE_TAG, OUT } from './support/place.js';
import { Release } from './support/release.js';

const TINY = ['run.totalParameters=100', 'worker.maxReplicas=2', 'computation.simulateWorkMs=0'];

for (const backend of ['redis', 'rabbitmq']) {
  const key = `${backend}-password`;
  const passwordOf = async (release: Release): Promise<string> => {
    const { output } = await release.kubectl('get', 'secret', 'ttg-auth', '-o', `jsonpath={.data.${key}}`);
    return Buffer.from(output, 'base64').toString();
  };
  const made = (release: Release): Promise<string> =>
    eventually(async () => (await passwordOf(release)) || undefined, 60_000, 'a password');
  const passes = async (release: Release): Promise<void> => {
    const { status, output } = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
    expect(status, output).toBe(0);
  };

  test(`${backend}: an upgrade and a rollback keep the password, and a new one opens the data of an old one`, async () => {
    await using release = await Release.in(`e2e-password-${backend}`);
    await release.apply('install', `small-${backend}`, ...TINY);
    const first = await made(release);
    expect(first).toMatch(/^[A-Za-z0-9]{32}$/);
    expect((await release.helm('get', 'all', 'ttg')).output).not.toContain(first);
    await passes(release);
    await release.apply('upgrade', `small-${backend}`, ...TINY, 'run.totalParameters=200');
    expect(await passwordOf(release)).toBe(first);
    await passes(release);
    expect((await release.helm('rollback', 'ttg', '1')).status).toBe(0);
    expect(await passwordOf(release)).toBe(first);

    expect((await release.helm('uninstall', 'ttg', '--wait', '--timeout', '120s')).status).toBe(0);
    await release.apply('install', `small-${backend}`, ...TINY, 'run.totalParameters=300');
    expect(await made(release)).not.toBe(first);
    await passes(release);
    release.passed();
  });

  test(`${backend}: manifests that are rendered and applied twice have one password`, async () => {
    await using release = await Release.in(`e2e-applied-${backend}`);
    const manifests = join(OUT, `applied-${backend}.yaml`);
    const apply = async (): Promise<void> => {
      const sets = [...TINY, `image.tag=${IMAGE_TAG}`].flatMap((pair) => ['--set', pair]);
      const apis = ['--api-versions', 'keda.sh/v1alpha1', '--skip-tests'];
      const rendered = await release.helm(
        'template',
        'ttg',
        './chart',
        '-f',
        `values/small-${backend}.yaml`,
        ...apis,
        ...sets,
      );
      expect(rendered.status, rendered.output).toBe(0);
      writeFileSync(manifests, rendered.output);
      const applied = await release.kubectl('apply', '-f', manifests);
      expect(applied.status, applied.output).toBe(0);
    };
    await apply();
    const first = await made(release);
    await apply();
    expect(await passwordOf(release)).toBe(first);
    await eventually(
      async () => {
        const ledger = await release.ledger('run-1');
        return ledger.plan !== undefined && ledger.missing().length === 0;
      },
      120_000,
      'a complete run',
    );
    await apply();
    expect(await passwordOf(release)).toBe(first);
    release.passed();
  });
}
