/** Faults of a node: it stops, with the broker on it or without, or it is drained. */
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { Stop } from '../../steps.mjs';
import { pick } from '../rng.mjs';
import { killNode, nodeState, requireKind, startNode } from './node-containers.mjs';
import { nameOf, runningWorkers } from './workers.mjs';

/** @typedef {import('./stage.mjs').ClusterStage} ClusterStage */

/** A question that is not answered within this time is not answered. */
const SILENT_MS = 10_000;

/** @type {import('./stage.mjs').ClusterFault} */
const stop = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage, rng) => {
    requireKind(stage);
    const node = await nodeOfWorkers(stage, rng);
    const there = (await runningWorkers(stage.where)).filter((pod) => pod.spec?.nodeName === node).map(nameOf);
    const held = (await stage.held()).filter(({ worker }) => there.includes(worker));
    const struckAt = Date.now();
    const observed = await stopNode(node);
    const { results } = await stage.read();
    const lost = held.find(
      ({ worker, chunkId }) => !results.some((r) => r.chunkId === chunkId && r.workerId === worker),
    );
    return {
      target: `${node} with ${there.join(', ')}`,
      observed,
      struckAt,
      node,
      ...(lost?.chunkId ? { worker: lost.worker, chunk: lost.chunkId } : {}),
    };
  },
  heal: (stage, hit) => returned(stage, hit),
};

/** @type {import('./stage.mjs').ClusterFault} */
const stopBroker = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage) => {
    requireKind(stage);
    const pod = await stage.brokerPod.pod();
    const node = pod.spec?.nodeName ?? '';
    const struckAt = Date.now();
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
      struckAt,
      node,
    };
  },
  heal: async (stage, hit) => {
    await returned(stage, hit);
    await stage.restartBroker();
  },
};

/** @type {import('./stage.mjs').ClusterFault} */
const drain = {
  disturbs: 'cluster',
  when: 'draining',
  inject: async (stage, rng) => {
    const node = await nodeOfWorkers(stage, rng);
    const there = (await runningWorkers(stage.where)).filter((pod) => pod.spec?.nodeName === node).map(nameOf);
    const struckAt = Date.now();
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
      struckAt,
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

/** A node that has workers in the middle of chunks and neither broker nor control plane. @param {ClusterStage} stage @param {import('../rng.mjs').Rng} rng */
async function nodeOfWorkers(stage, rng) {
  const broker = (await stage.brokerPod.pod()).spec?.nodeName;
  return stage.until(async () => {
    const held = await stage.held();
    const nodes = (await runningWorkers(stage.where))
      .filter((pod) => held.some(({ worker }) => worker === nameOf(pod)))
      .map((pod) => pod.spec?.nodeName ?? '');
    const without = [...new Set(nodes)].filter((node) => node !== broker && !node.endsWith('control-plane')).sort();
    return without.length > 0 && pick(rng, without);
  }, 'a worker in the middle of a chunk on a node without the broker');
}

/** @param {string} node @returns {Promise<string>} what was observed */
async function stopNode(node) {
  await killNode(node);
  const state = await nodeState(node);
  if (state !== 'exited') throw new Stop(`node ${node} was stopped and is ${state}`);
  return `its container is ${state}`;
}

/** @param {ClusterStage} stage @param {import('../types.mjs').Hit} hit */
async function returned(stage, hit) {
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

/** @type {Record<string, import('./stage.mjs').ClusterFault>} */
export const nodeFaults = { 'node-stop': stop, 'node-stop-broker': stopBroker, 'node-drain': drain };
