/** A namespace of its own for each measured case; nothing of it is left before the next case begins. */
import { $ } from 'zx';
import { orAbsent } from '../../dist/ops/cluster/kube.js';
import { waitFor } from '../../dist/ops/script/wait.js';

/**
 * @typedef {object} Place
 * @property {import('../../dist/ops/cluster/kube.js').Kube} kube
 * @property {string} namespace
 */

/**
 * @template T
 * @param {import('../../dist/ops/script/frame.js').Script} run
 * @param {import('../../dist/ops/cluster/kube.js').Kube} kube
 * @param {string} name of the case
 * @param {(place: Place) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function inNamespace(run, kube, name, body) {
  const namespace = `bench-${name}`;
  await remove(run, kube, namespace);
  await kube.core.createNamespace({
    body: { metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
  });
  const done = run.onInterrupt(`deleting the namespace ${namespace}`, () =>
    deleteUninterrupted(kube.context, namespace),
  );
  try {
    return await body({ kube, namespace });
  } finally {
    if (!run.signal.aborted) {
      await run.step(`deleting the namespace ${namespace}`, () => remove(run, kube, namespace));
      done();
    }
  }
}

/**
 * The volumes too: their removal is work for the cluster, which would be counted to the next case.
 * @param {import('../../dist/ops/script/frame.js').Script} run
 * @param {import('../../dist/ops/cluster/kube.js').Kube} kube
 * @param {string} namespace
 */
async function remove(run, kube, namespace) {
  await orAbsent(kube.core.deleteNamespace({ name: namespace }));
  await waitFor(
    async () => {
      const there = await orAbsent(kube.core.readNamespace({ name: namespace }));
      const volumes = (await kube.core.listPersistentVolume()).items.filter(
        (volume) => volume.spec?.claimRef?.namespace === namespace,
      );
      return {
        done: !there && volumes.length === 0,
        state: `${there ? 'namespace there' : 'namespace gone'}, ${volumes.length} volumes`,
      };
    },
    { what: `end of the namespace ${namespace}`, seconds: 180, signal: run.signal },
  );
}

/** @param {string} context @param {string} namespace */
async function deleteUninterrupted(context, namespace) {
  await $({
    quiet: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })`kubectl --context ${context} delete namespace ${namespace} --ignore-not-found --timeout=120s`;
}
