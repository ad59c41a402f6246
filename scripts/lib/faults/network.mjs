/** The connection between workers and broker is cut for longer than the lease, without either end being told. */
import { heldBy } from '../demo/held.mjs';
import { Stop } from '../steps.mjs';
import { completedByAnother } from './worker.mjs';
import { pick } from './rng.mjs';

/** @type {import('./types.mjs').Fault} */
const partition = {
  needs: ['process'],
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = stage.through(await stage.proxy());
  },
  inject: async (stage, rng) => {
    const [proxy] = stage.proxies;
    if (!proxy) throw new Stop('there is no proxy to cut');
    const cut = await stage.until(() => {
      const held = stage.processes.running('worker').flatMap(({ name, log }) => heldBy(name, log));
      return held.length > 0 && pick(rng, held);
    }, 'a worker in the middle of a chunk');
    const struckAt = Date.now();
    proxy.stall();
    const passed = proxy.passed();
    const cutOff = new Set(stage.processes.running('worker').map(({ name }) => name));
    stage.workerEnv = {};
    await completedByAnother(stage, { worker: cut.worker, chunk: cut.chunkId }, () => {
      // Those who are cut off count as running, so the scaler sends nobody to this side of the cut; and who finds all that is
      // left leased to others leaves, long before RabbitMQ's heartbeats tell it that the leases are void.
      if (stage.processes.running('worker').every(({ name }) => cutOff.has(name))) stage.startWorker();
    });
    if (proxy.passed() !== passed) throw new Stop(`${proxy.passed() - passed} bytes passed the cut`);
    return {
      target: `${proxy.connections()} connections`, struckAt, chunk: cut.chunkId, worker: cut.worker,
      observed: `no byte passed until another had completed chunk ${cut.chunkId}, which ${cut.worker} held`,
    };
  },
  heal: async (stage) => {
    const [proxy] = stage.proxies;
    const passed = proxy?.passed() ?? 0;
    proxy?.heal();
    await stage.until(() => proxy && (proxy.passed() > passed || proxy.connections() === 0), 'traffic through the healed connection');
  },
};

/** @type {Record<string, import('./types.mjs').Fault>} */
export const networkFaults = { partition };
