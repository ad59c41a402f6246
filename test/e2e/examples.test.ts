/** The examples on a cluster, by the commands of their pages, over both brokers: the digests are those of this machine. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestIn, emptyClone, readExample, type Clone, type ExampleName } from '../support/examples.js';
import { eventually } from '../support/wait.js';
import { CLUSTER, IMAGE_TAG, KUBECONFIG } from './support/place.js';
import { Release } from './support/release.js';
import { storeIn } from './support/store.js';

const run = promisify(execFile);

/** Made here, where it is not: this takes a network. */
const NUMPY = 'ttg-python-numpy:3.13';

beforeAll(async () => {
  await run('docker', ['image', 'inspect', NUMPY]).catch(async () => {
    const building = run('docker', ['build', '--quiet', '--tag', NUMPY, '-']);
    building.child.stdin?.end('FROM python:3.13-slim\nRUN pip install --no-cache-dir numpy\n');
    await building;
  });
  await run('kind', ['load', 'docker-image', NUMPY, '--name', CLUSTER]);
});

/** KEDA is paused, so that the run stands still when its command gets Ctrl-C; then it may go on. */
async function interruptPaused(release: Release, clone: Clone, command: string): Promise<void> {
  expect((await release.script('pause')).output).toMatch(/is paused/);
  const running = clone.type(`exec ${command}`);
  running.catch(() => undefined);
  await eventually(
    async () => /"runId":"beam-1","total":120,"done":0,/.test((await release.script('status', '--json')).output),
    60_000,
    'the run, seeded',
  );
  running.child.kill('SIGINT');
  const interrupted = await running.then(
    () => 'not interrupted',
    (thrown: unknown) => thrown as object,
  );
  // It may wait still for what the seeder's Job says of itself.
  const said = /interrupted: (?:0 of 120 .*nothing is lost|the release ttg stays, and its run goes on there)/;
  expect(interrupted).toMatchObject({ code: 130, stderr: expect.stringMatching(said) as string });
  expect((await release.script('resume')).output).toMatch(/is not paused any more/);
}

describe.concurrent('the examples', () => {
  it.each([
    ['redis', 'directory'],
    ['rabbitmq', 's3'],
  ] as const)('have the digests of their pages on a cluster, over %s, values in %s too', async (backend, store) => {
    await using release = await Release.in(`e2e-examples-${backend}`);
    using clone = emptyClone({ KUBECONFIG });
    const { name, namespace } = release;
    /** Two processors are all that there may be. */
    const sets = [`backend=${backend}`, `image.tag=${IMAGE_TAG}`, 'worker.maxReplicas=2'].map(
      (pair) => `--set ${pair}`,
    );
    const begun = Date.now();
    const digests: Record<string, string | undefined> = {};
    const note = (example: string, text: string): void => {
      digests[example] = digestIn(text);
      console.log(`${backend}, ${example}: ${digests[example]}, ${Math.round((Date.now() - begun) / 1000)} s`);
    };

    // One release for all three, since a broker takes longer to start than their runs.
    const byHelm = readExample('monte-carlo').byHelm;
    const around = `--kube-context kind-${CLUSTER} --namespace ${namespace}`;
    const installed = byHelm
      .replace(/helm install pi .*/, `$& ${around} ${sets.join(' ')}`)
      .replace(/helm test pi .*/, `$& ${around} --timeout 300s`)
      .replaceAll(/helm (install|test) pi /g, `helm $1 ${name} `);
    note('monte-carlo', (await clone.type(installed)).stdout);

    const onCluster = (example: ExampleName): string =>
      readExample(example)
        .onCluster.trimEnd()
        .replace('--context kind-ttg', `--context kind-${CLUSTER} -n ${namespace} --release ${name}`)
        .replace('registry.example/numpy:1', NUMPY)
        .concat(` ${sets.join(' ')}`);
    note('python-model', (await clone.type(onCluster('python-model'))).stdout);

    const file = 'examples/existing-program/beam.yaml';
    const text = readFileSync(join(clone.path, file), 'utf8');
    writeFileSync(join(clone.path, 'beam.yaml'), `${text}\n${await storeIn(release, store)}`);
    const beam = onCluster('existing-program').replace(file, 'beam.yaml');
    if (backend === 'redis') await interruptPaused(release, clone, beam);
    note('existing-program', (await clone.type(beam)).stdout);
    const rows = await release.script('results', '--format', 'csv', '--where', 'status = "ok"');
    expect(rows.output.trimEnd().split('\n'), rows.output).toHaveLength(121);
    const kept = await release.script('verify', '--values');
    expect(kept.output).toMatch(/^values +\d+ objects outside of the log, .*: 0 lost or damaged$/m);
    const { output } = await release.script('runs');
    expect(output.match(/ complete /g), output).toHaveLength(3);
    if (backend === 'redis') {
      // From outside nobody reaches the volume: nothing is said of objects, which stay.
      const removed = await release.script('rm', 'beam-1', '--force');
      expect(removed.output).toMatch(/beam-1 is removed: \d+ records/);
      expect(removed.output).not.toContain('objects');
      expect((await release.script('runs')).output).not.toContain('beam-1');
    }
    for (const [example, digest] of Object.entries(digests))
      expect(digest, example).toBe(readExample(example as ExampleName).digest);
    release.passed();
  });
});
