/** After nodes were started: what the API says of them and of their pods may be from before, and is no observation. */
import { CoordinationV1Api } from '@kubernetes/client-node';
import { isReady } from './kube.mjs';
import { waitFor } from './wait.mjs';

/**
 * Waits until every node has reported since `since`, and no pod counts as ready for a container that ran before it.
 * @param {import('./steps.mjs').Run} run
 * @param {import('./kube.mjs').Kube} kube
 * @param {Date} since when the first node was started
 * @param {string[]} nodes the ones that were started
 */
export async function waitFresh(run, kube, since, nodes) {
  const leases = kube.config.makeApiClient(CoordinationV1Api);
  await run.step('waiting until the started nodes have reported their pods', (say) =>
    waitFor(
      async () => {
        const renewed = (await leases.listNamespacedLease({ namespace: 'kube-node-lease' })).items
          .filter((lease) => Date.parse(String(lease.spec?.renewTime)) > Number(since)) // a string at run time, whatever its type says
          .map((lease) => lease.metadata?.name ?? '');
        const silent = nodes.filter((node) => !renewed.includes(node));
        if (silent.length) return { done: false, state: `not heard of ${silent.join(', ')}` };
        const pods = (await kube.core.listPodForAllNamespaces()).items.filter((pod) =>
          nodes.includes(pod.spec?.nodeName ?? ''),
        );
        const stale = pods.filter(
          (pod) =>
            isReady(pod) &&
            pod.status?.containerStatuses?.some((c) => Number(c.state?.running?.startedAt ?? 0) < Number(since) - 1000),
        );
        return {
          done: stale.length === 0,
          state: `${stale.length} pods are reported as before: ${stale
            .map((p) => p.metadata?.name)
            .slice(0, 4)
            .join(', ')}`,
        };
      },
      {
        what: 'the started nodes',
        seconds: 180,
        signal: run.signal,
        say,
        remedy: `see \`kubectl --context ${kube.context} get nodes,pods -A -o wide\``,
      },
    ),
  );
}
