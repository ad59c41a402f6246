/** A Kind cluster by name: its containers, created or started; its nodes and DNS, waited for. */
import { CoordinationV1Api } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { lines } from '../script/tools.js';
import { waitFor } from '../script/wait.js';
import { connect, deploymentState, isReady, type Kube } from './kube.js';
import { plural } from '../../core/runtime/words.js';

export interface NodeContainer {
  name: string;
  running: boolean;
}

/** The cluster's node containers, control plane first; none where there is no such cluster. */
export async function nodeContainers(script: Script, name: string): Promise<NodeContainer[]> {
  const label = `label=io.x-k8s.kind.cluster=${name}`;
  const rows = await lines(script.sh`docker ps --all --filter ${label} --format ${'{{.Names}} {{.State}}'}`);
  return rows
    .map((row) => row.split(' '))
    .map(([container = '', state]) => ({ name: container, running: state === 'running' }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, 'en', { numeric: true }));
}

const rank = (container: string) => (container.includes('control-plane') ? 0 : 1);

export async function createCluster(script: Script, name: string, nodes: number) {
  const roles = ['control-plane', ...Array<string>(Math.max(0, nodes - 1)).fill('worker')];
  const input = `kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n${roles.map((role) => `  - role: ${role}\n`).join('')}`;
  const image = process.env.TTG_KIND_NODE_IMAGE ? ['--image', process.env.TTG_KIND_NODE_IMAGE] : [];
  const keep = script.onInterrupt(`delete the half-created cluster ${name}`, () => deleteUninterrupted(name));
  await script.sh({ stdio: ['pipe', 'pipe', 'pipe'], input })`kind create cluster --name ${name} --config=- ${image}`;
  keep();
}

/**
 * Not with the run's shell, which the interrupt has ended. The engine may still be creating containers that a killed
 * client asked for, so deletes until none has appeared for a while.
 */
async function deleteUninterrupted(name: string) {
  const sh = $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const label = `label=io.x-k8s.kind.cluster=${name}`;
  await sh`kind delete cluster --name ${name}`;
  for (let quiet = 0; quiet < 8; quiet += 1) {
    await sleep(1000);
    if ((await lines(sh`docker ps --all --quiet --filter ${label}`)).length === 0) continue;
    await sh({ nothrow: true })`kind delete cluster --name ${name}`;
    quiet = 0;
  }
}

/** what was started, and when that began */
export interface Started {
  since: Date;
  nodes: string[];
}

/** Starts the containers that are stopped, the control plane first. */
export async function startContainers(script: Script, containers: NodeContainer[]): Promise<Started> {
  const since = new Date();
  const nodes = containers.filter((c) => !c.running).map((c) => c.name);
  for (const node of nodes)
    await script.step(`starting the stopped node ${node}`, () => script.sh`docker start ${node}`);
  return { since, nodes };
}

/** A cluster whose creation was cut off (kill -9, power) has containers but was never set up: nothing is in it. */
export async function requireComplete(script: Script, name: string, containers: NodeContainer[]) {
  const first = containers.find((c) => rank(c.name) === 0);
  const found =
    first && (await script.sh({ nothrow: true })`docker exec ${first.name} test -s /etc/kubernetes/admin.conf`).ok;
  if (found) return;
  throw new Stop(
    `the cluster ${name} was never completely created (${containers.map((c) => c.name).join(', ')})`,
    `if nobody is creating it right now: \`npx zx scripts/kind-down.mjs --name ${name} --force\`, then kind-up again`,
  );
}

/**
 * kubectl's entry for the cluster, written again where this kubeconfig lacks it (another KUBECONFIG, a lost file).
 */
export async function ensureContext(script: Script, name: string) {
  const contexts = await lines(script.sh({ nothrow: true })`kubectl config get-contexts -o name`);
  if (contexts.includes(`kind-${name}`)) return;
  await script.step(`writing the kubectl context kind-${name}`, () => script.sh`kind export kubeconfig --name ${name}`);
}

/**
 * Waits until the API answers and every node and DNS are ready.
 * @param nodes how many there must be
 * @param started these must have reported since
 */
export async function waitNodes(script: Script, name: string, nodes: number, started?: Started) {
  const kube = connect({ name });
  const remedy = `see \`kubectl --context kind-${name} get nodes -o wide\`, or start afresh: \`npx zx scripts/kind-down.mjs --name ${name}\``;
  const wait = { seconds: 180, signal: script.signal, remedy };
  await script.step(`waiting for ${plural(nodes, 'node')}`, (say) =>
    waitFor(
      async () => {
        const all = (await kube.core.listNode()).items;
        const ready = all.filter((node) =>
          node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
        );
        return { done: ready.length >= nodes, state: `${ready.length} of ${nodes} Ready` };
      },
      { ...wait, what: `nodes of ${name}`, say },
    ),
  );
  if (started?.nodes.length) await waitReported(script, kube, started.since, started.nodes);
  await script.step('waiting for CoreDNS', (say) =>
    waitFor(() => deploymentState(kube, 'kube-system', 'coredns'), { ...wait, what: 'CoreDNS', say }),
  );
  return kube;
}

export function noCluster(name: string) {
  return new Stop(`there is no Kind cluster ${name}`, `create it: \`npx zx scripts/kind-up.mjs --name ${name}\``);
}

/**
 * Waits until every node has reported since `since`, and no pod counts as ready for a container that ran before it.
 * @param since when the first node was started
 * @param nodes the ones that were started
 */
async function waitReported(script: Script, kube: Kube, since: Date, nodes: string[]) {
  const leases = kube.config.makeApiClient(CoordinationV1Api);
  await script.step('waiting until the started nodes have reported their pods', (say) =>
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
        signal: script.signal,
        say,
        remedy: `see \`kubectl --context ${kube.context} get nodes,pods -A -o wide\``,
      },
    ),
  );
}
