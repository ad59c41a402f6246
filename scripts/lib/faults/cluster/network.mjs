/** The connection between one worker and the broker is cut for longer than the lease, without either end being told. */
import { Stop } from '../../steps.mjs';
import { completedByAnother } from '../worker.mjs';
import { hitHolder } from '../victim.mjs';
import { inNode, requireKind } from './node-containers.mjs';
import { nameOf, podsOf } from './workers.mjs';

/** @type {import('./stage.mjs').ClusterFault} */
const partition = {
  when: 'draining',
  inject: async (stage, rng) => {
    requireKind(stage);
    const hit = await hitHolder(
      stage,
      rng,
      (victim) => cut(stage, victim),
      (victim) => mend(stage, victim),
    );
    await completedByAnother(stage, hit);
    const dropped = await droppedPackets(stage, hit.worker);
    if (dropped === 0) throw new Stop(`no packet of ${hit.worker} was dropped: it was not cut off`);
    return { ...hit, observed: `${hit.observed}; ${dropped} packets dropped until another had completed its chunk` };
  },
  heal: (stage, { worker = '' }) => mend(stage, worker),
};

/** @param {import('./stage.mjs').ClusterStage} stage @param {string} worker */
async function rulesFor(stage, worker) {
  const victim = (await podsOf(stage.where, 'worker')).find((pod) => nameOf(pod) === worker);
  const broker = await stage.brokerPod.pod();
  const [ip, node, to] = [victim?.status?.podIP, victim?.spec?.nodeName, broker.status?.podIP];
  if (!ip || !node || !to) throw new Stop(`${worker} has no address any more`);
  // Before the translation of the Service's address: what leaves the worker by its port, what comes back by its sender.
  const port = stage.backend === 'redis' ? '6379' : '5672';
  return {
    node,
    rules: [
      ['-s', ip, '-p', 'tcp', '--dport', port],
      ['-s', to, '-d', ip, '-p', 'tcp', '--sport', port],
    ],
  };
}

/** @param {import('./stage.mjs').ClusterStage} stage @param {string} worker @returns {Promise<import('../types.mjs').Struck>} */
async function cut(stage, worker) {
  const { node, rules } = await rulesFor(stage, worker);
  const at = Date.now();
  for (const rule of rules) await inNode(node, 'iptables', '-t', 'raw', '-I', 'PREROUTING', ...rule, '-j', 'DROP');
  return { at, observed: `packets between ${worker} and ${stage.backend} are dropped on ${node}` };
}

/** @param {import('./stage.mjs').ClusterStage} stage @param {string} worker */
async function mend(stage, worker) {
  const { node, rules } = await rulesFor(stage, worker);
  for (const rule of rules) await inNode(node, 'iptables', '-t', 'raw', '-D', 'PREROUTING', ...rule, '-j', 'DROP');
}

/** @param {import('./stage.mjs').ClusterStage} stage @param {string} worker */
async function droppedPackets(stage, worker) {
  const {
    node,
    rules: [[, ip] = []],
  } = await rulesFor(stage, worker);
  const table = await inNode(node, 'iptables', '-t', 'raw', '-L', 'PREROUTING', '-n', '-v', '-x');
  return table
    .split('\n')
    .filter((line) => line.includes('DROP') && line.includes(String(ip)))
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0);
}

/** @type {Record<string, import('./stage.mjs').ClusterFault>} */
export const networkFaults = { partition };
