/**
 * A namespace of its own for each fault, which admits only pods of the level `restricted`; and what is kept of a
 * failure.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { createNamespace } from '../../ops/cluster/deploy.js';
import { orAbsent, type Kube } from '../../ops/cluster/kube.js';
import type { Where } from '../../ops/cluster/release.js';
import { untilSeen } from '../../ops/script/wait.js';

export async function makeNamespace(kube: Kube, namespace: string, signal: AbortSignal) {
  const old = await orAbsent(kube.core.readNamespace({ name: namespace }));
  // Left by a run that was cut off.
  if (old && !old.metadata?.deletionTimestamp) await kube.core.deleteNamespace({ name: namespace });
  if (old)
    await untilSeen(
      async () => (await orAbsent(kube.core.readNamespace({ name: namespace }))) === undefined,
      `the end of the old namespace ${namespace}`,
      120,
      signal,
    );
  await createNamespace(kube, namespace);
}

/** Does not wait: what is left of it ends during the next experiment. */
export async function removeNamespace({ kube, namespace, release }: Where) {
  // First, so that KEDA can finish with the ScaledJob, and that nothing goes on computing.
  await $({
    quiet: true,
    nothrow: true,
    timeout: '60s',
  })`helm --kube-context ${kube.context} --namespace ${namespace} uninstall ${release}`;
  await orAbsent(kube.core.deleteNamespace({ name: namespace, gracePeriodSeconds: 0 }));
}

/** What a person would want to see of a run that did not end well. */
export async function keepEvidence({ kube, namespace }: Where, directory: string) {
  await mkdir(directory, { recursive: true });
  const kubectl = async (...args: string[]) =>
    String(
      await $({
        quiet: true,
        nothrow: true,
        timeout: '60s',
      })`kubectl --context ${kube.context} -n ${namespace} ${args}`,
    );
  const looks = {
    objects: ['get', 'all,scaledjobs,pvc', '-o', 'wide'],
    events: ['get', 'events', '--sort-by=.lastTimestamp'],
    scaledjob: ['describe', 'scaledjobs'],
    pods: ['describe', 'pods'],
  };
  for (const [name, args] of Object.entries(looks))
    await writeFile(join(directory, `${name}.txt`), await kubectl(...args));
  for (const pod of (await kube.core.listNamespacedPod({ namespace })).items) {
    const name = pod.metadata?.name ?? '';
    await writeFile(join(directory, `${name}.log`), await kubectl('logs', name, '--all-containers', '--tail=500'));
  }
  process.stderr.write(`evidence of the failure is in ${directory}\n`);
}
