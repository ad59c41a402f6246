/**
 * Faults of a Kind cluster's nodes, which are containers: one stops, with the broker on it or without, or is drained.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { nameOf, runningWorkers } from '../../ops/cluster/pods.js';
import { Stop } from '../../ops/script/stop.js';
import { pick, type Rng } from '../rng.js';
import type { Hit } from '../types.js';
import type { ClusterFault, ClusterStage } from './stage.js';

/** A question that is not answered within this time is not answered. */
const SILENT_MS = 10_000;

const stop: ClusterFault = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage, rng) => {
    requireKind(stage);
    const node = await nodeOfWorkers(stage, rng);
    const there = (await runningWorkers(stage.where)).filter((pod) => pod.spec?.nodeName === node).map(nameOf);
    const inFlight = (await stage.inFlight()).filter(({ worker }) => there.includes(worker));
    const hitAt = Date.now();
    const observed = await stopNode(node);
    const { results } = await stage.read();
    const interrupted = inFlight.find(
      ({ worker, chunkId }) => !results.some((r) => r.chunkId === chunkId && r.workerId === worker),
    );
    return {
      target: `${node} with ${there.join(', ')}`,
      observed,
      hitAt,
      node,
      ...(interrupted?.chunkId ? { worker: interrupted.worker, chunk: interrupted.chunkId } : {}),
    };
  },
  heal: (stage, hit) => returned(stage, hit),
};

const stopBroker: ClusterFault = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage) => {
    requireKind(stage);
    const pod = await stage.brokerPod.pod();
    const node = pod.spec?.nodeName ?? '';
    const hitAt = Date.now();
    const observed = await stopNode(node);
    // Nothing can go on without its broker, and whoever asks waits.
    await stage.until(
      () =>
        Promise.race([
          stage.observer.depth().then(
            () => false,
            () => true,
          ),
          sleep(SILENT_MS, true),
        ]),
      `${stage.backend} not answering`,
    );
    return {
      target: `${node} with ${nameOf(pod)}`,
      observed: `${observed}; ${stage.backend} gives no answer`,
      hitAt,
      node,
    };
  },
  heal: async (stage, hit) => {
    await returned(stage, hit);
    await stage.restartBroker();
  },
};

const drain: ClusterFault = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage, rng) => {
    const node = await nodeOfWorkers(stage, rng);
    const there = (await runningWorkers(stage.where)).filter((pod) => pod.spec?.nodeName === node).map(nameOf);
    const hitAt = Date.now();
    const context = ['--context', stage.where.kube.context];
    const flags = [
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--force',
      '--timeout=90s',
      `--pod-selector=ttg.io/component=worker`,
    ];
    const done = await $({
      quiet: true,
      nothrow: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })`kubectl ${context} drain ${node} ${flags}`;
    if (!done.ok) throw new Stop(`kubectl drain ${node}: ${done.stderr.trim()}`);
    const left = (await runningWorkers(stage.where)).filter((pod) => there.includes(nameOf(pod)));
    if (left.length > 0) throw new Stop(`${left.map(nameOf).join(', ')} are still on ${node}`);
    return {
      target: `${node} with ${there.join(', ')}`,
      observed: `cordoned; ${there.length} workers evicted`,
      hitAt,
      node,
    };
  },
  heal: async (stage, hit) => {
    const { node = '' } = hit;
    await $({
      quiet: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })`kubectl --context ${stage.where.kube.context} uncordon ${node}`;
  },
  prove: (_, __, { results }) => {
    const again = results.filter((r) => r.attempt > 1);
    if (again.length > 0)
      throw new Stop(
        `an eviction cost attempts: ${again.map((r) => `chunk ${r.chunkId} at attempt ${r.attempt}`).join(', ')}`,
      );
  },
};

/** A node that has workers in the middle of chunks and neither broker nor control plane. */
async function nodeOfWorkers(stage: ClusterStage, rng: Rng) {
  const broker = (await stage.brokerPod.pod()).spec?.nodeName;
  return stage.until(async () => {
    const inFlight = await stage.inFlight();
    const nodes = (await runningWorkers(stage.where))
      .filter((pod) => inFlight.some(({ worker }) => worker === nameOf(pod)))
      .map((pod) => pod.spec?.nodeName ?? '');
    const without = [...new Set(nodes)].filter((node) => node !== broker && !node.endsWith('control-plane')).sort();
    return without.length > 0 && pick(rng, without);
  }, 'a worker in the middle of a chunk on a node without the broker');
}

/** @returns what was observed */
async function stopNode(node: string): Promise<string> {
  await killNode(node);
  const state = await nodeState(node);
  if (state !== 'exited') throw new Stop(`node ${node} was stopped and is ${state}`);
  return `its container is ${state}`;
}

async function returned(stage: ClusterStage, hit: Hit) {
  const { node = '' } = hit;
  const since = Date.now();
  await startNode(node);
  await stage.until(async () => {
    const ready = (await stage.where.kube.core.readNode({ name: node })).status?.conditions?.find(
      (c) => c.type === 'Ready',
    );
    // A node that was gone for less than 40 s never was anything but Ready: what counts is that it has reported since.
    return ready?.status === 'True' && Number(ready.lastHeartbeatTime ?? 0) > since;
  }, `node ${node} ready again`);
}

export const nodeFaults: Record<string, ClusterFault> = {
  'node-stop': stop,
  'node-stop-broker': stopBroker,
  'node-drain': drain,
};

const docker = $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'], timeout: '60s' });

export function requireKind({ cluster }: ClusterStage) {
  if (!cluster)
    throw new Stop(
      'this fault reaches into a node, which only works where nodes are containers',
      'run it on a Kind cluster: --name CLUSTER',
    );
}

/** @returns its standard output */
export async function inNode(node: string, ...command: string[]): Promise<string> {
  return (await docker`docker exec ${node} ${command}`).stdout;
}

/** @returns running, exited … */
async function nodeState(node: string): Promise<string> {
  return (await docker`docker inspect --format ${'{{.State.Status}}'} ${node}`).stdout.trim();
}

/** Without a goodbye, as a machine that loses its power. */
async function killNode(node: string) {
  await docker`docker kill ${node}`;
}

async function startNode(node: string) {
  await docker`docker start ${node}`;
}
