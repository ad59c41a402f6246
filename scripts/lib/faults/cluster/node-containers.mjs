/** A Kind cluster's nodes as the containers that they are. */
import { $ } from 'zx';
import { Stop } from '../../steps.mjs';

const docker = $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'], timeout: '60s' });

/** @param {import('./stage.mjs').ClusterStage} stage */
export function requireKind({ cluster }) {
  if (!cluster)
    throw new Stop(
      'this fault reaches into a node, which only works where nodes are containers',
      'play it on a Kind cluster: --name CLUSTER',
    );
}

/** @param {string} node @param {string[]} command @returns {Promise<string>} its standard output */
export async function inNode(node, ...command) {
  return (await docker`docker exec ${node} ${command}`).stdout;
}

/** @param {string} node @returns {Promise<string>} running, exited … */
export async function nodeState(node) {
  return (await docker`docker inspect --format ${'{{.State.Status}}'} ${node}`).stdout.trim();
}

/** Without a goodbye, as a machine that loses its power. @param {string} node */
export async function killNode(node) {
  await docker`docker kill ${node}`;
}

/** @param {string} node */
export async function startNode(node) {
  await docker`docker start ${node}`;
}
