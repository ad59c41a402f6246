/** The examples on a cluster, by the commands of their pages, over both brokers: the digests are those of this machine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestIn, emptyClone, readExample } from '../support/examples.js';
import { CLUSTER, IMAGE_TAG, KUBECONFIG } from './support/place.js';
import { Release } from './support/release.js';

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

describe.concurrent('the examples', () => {
  it.each(['redis', 'rabbitmq'])('have the digests of their pages on a cluster, over %s', async (backend) => {
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

    for (const example of ['python-model', 'existing-program'] as const) {
      const command = readExample(example)
        .onCluster.replace('--context kind-ttg', `--context kind-${CLUSTER} -n ${namespace} --release ${name}`)
        .replace('registry.example/numpy:1', NUMPY);
      note(example, (await clone.type(`${command.trimEnd()} ${sets.join(' ')}`)).stdout);
    }
    const { 'monte-carlo': pi, 'python-model': oscillator, 'existing-program': beam } = digests;
    expect({ pi, oscillator, beam }).toEqual({
      pi: readExample('monte-carlo').digest,
      oscillator: readExample('python-model').digest,
      beam: readExample('existing-program').digest,
    });
    release.passed();
  });
});
