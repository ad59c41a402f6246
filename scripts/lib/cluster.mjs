/** A Kind cluster by name: its containers, created or started; its nodes and DNS, waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { waitFresh } from './fresh.mjs';
import { connect } from './kube.mjs';
import { Stop } from './steps.mjs';
import { lines } from './tools.mjs';
import { deploymentState, waitFor } from './wait.mjs';

/** @typedef {import('./steps.mjs').Run} Run */
/** @typedef {{ name: string, running: boolean }} NodeContainer */

/**
 * The cluster's node containers, control plane first; none where there is no such cluster.
 * @param {Run} run
 * @param {string} name
 * @returns {Promise<NodeContainer[]>}
 */
export async function nodeContainers(run, name) {
  const label = `label=io.x-k8s.kind.cluster=${name}`;
  const rows = await lines(run.sh`docker ps --all --filter ${label} --format ${'{{.Names}} {{.State}}'}`);
  return rows
    .map((row) => row.split(' '))
    .map(([container = '', state]) => ({ name: container, running: state === 'running' }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, 'en', { numeric: true }));
}

const rank = (/** @type {string} */ container) => (container.includes('control-plane') ? 0 : 1);

/**
 * @param {Run} run
 * @param {string} name
 * @param {number} nodes
 */
export async function createCluster(run, name, nodes) {
  const roles = ['control-plane', ...Array(Math.max(0, nodes - 1)).fill('worker')];
  const input = `kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n${roles.map((role) => `  - role: ${role}\n`).join('')}`;
  const image = process.env.TTG_KIND_NODE_IMAGE ? ['--image', process.env.TTG_KIND_NODE_IMAGE] : [];
  const keep = run.onInterrupt(`delete the half-created cluster ${name}`, () => deleteUninterrupted(name));
  await run.sh({ stdio: ['pipe', 'pipe', 'pipe'], input })`kind create cluster --name ${name} --config=- ${image}`;
  keep();
}

/**
 * Not with the run's shell, which the interrupt has ended. The engine may still be creating containers that a killed
 * client asked for, so deletes until none has appeared for a while.
 * @param {string} name
 */
async function deleteUninterrupted(name) {
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

/** @typedef {{ since: Date, nodes: string[] }} Started what was started, and when that began */

/**
 * Starts the containers that are stopped, the control plane first.
 * @param {Run} run
 * @param {NodeContainer[]} containers
 * @returns {Promise<Started>}
 */
export async function startContainers(run, containers) {
  const since = new Date();
  const nodes = containers.filter((c) => !c.running).map((c) => c.name);
  for (const node of nodes) await run.step(`starting the stopped node ${node}`, () => run.sh`docker start ${node}`);
  return { since, nodes };
}

/**
 * A cluster whose creation was cut off (kill -9, power) has containers but was never set up: nothing is in it.
 * @param {Run} run
 * @param {string} name
 * @param {NodeContainer[]} containers
 */
export async function requireComplete(run, name, containers) {
  const first = containers.find((c) => rank(c.name) === 0);
  const found =
    first && (await run.sh({ nothrow: true })`docker exec ${first.name} test -s /etc/kubernetes/admin.conf`).ok;
  if (found) return;
  throw new Stop(
    `the cluster ${name} was never completely created (${containers.map((c) => c.name).join(', ')})`,
    `if nobody is creating it right now: \`npx zx scripts/kind-down.mjs --name ${name} --force\`, then kind-up again`,
  );
}

/**
 * kubectl's entry for the cluster, written again where this kubeconfig lacks it (another KUBECONFIG, a lost file).
 * @param {Run} run
 * @param {string} name
 */
export async function ensureContext(run, name) {
  const contexts = await lines(run.sh({ nothrow: true })`kubectl config get-contexts -o name`);
  if (contexts.includes(`kind-${name}`)) return;
  await run.step(`writing the kubectl context kind-${name}`, () => run.sh`kind export kubeconfig --name ${name}`);
}

/**
 * Waits until the API answers and every node and DNS are ready.
 * @param {Run} run
 * @param {string} name
 * @param {number} nodes how many there must be
 * @param {Started} [started] these must have reported since
 */
export async function waitNodes(run, name, nodes, started) {
  const kube = connect({ name });
  const remedy = `see \`kubectl --context kind-${name} get nodes -o wide\`, or start afresh: \`npx zx scripts/kind-down.mjs --name ${name}\``;
  const wait = { seconds: 180, signal: run.signal, remedy };
  await run.step(`waiting for ${nodes} nodes`, (say) =>
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
  if (started?.nodes.length) await waitFresh(run, kube, started.since, started.nodes);
  await run.step('waiting for CoreDNS', (say) =>
    waitFor(() => deploymentState(kube, 'kube-system', 'coredns'), { ...wait, what: 'CoreDNS', say }),
  );
  return kube;
}

/** @param {string} name */
export function noCluster(name) {
  return new Stop(`there is no Kind cluster ${name}`, `create it: \`npx zx scripts/kind-up.mjs --name ${name}\``);
}
