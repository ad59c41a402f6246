/** The connection between workers and broker is cut for longer than the lease, without either end being told. */
import { Stop } from '../../steps.mjs';

const TRIES = 5;

/** @type {import('./stage.mjs').ProcessFault} */
const partition = {
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = stage.through(await stage.proxy());
  },
  inject: async (stage) => {
    const [proxy] = stage.proxies;
    if (!proxy) throw new Stop('there is no proxy to cut');
    const { struckAt, held } = await stallHolders(stage, proxy);
    const passed = proxy.passed();
    const cutOff = new Set(stage.processes.running('worker').map(({ name }) => name));
    stage.workerEnv = {};
    const taken = await stage.until(
      async () => {
        // Those who are cut off count as running, so the scaler sends nobody to this side of the cut; and who finds all that is
        // left leased to others leaves, long before RabbitMQ's heartbeats tell it that the leases are void.
        if (stage.processes.running('worker').every(({ name }) => cutOff.has(name))) stage.startWorker();
        const { results } = await stage.read();
        return held.find(({ worker, chunkId }) => results.some((r) => r.chunkId === chunkId && r.workerId !== worker));
      },
      `one of the chunks ${held.map(({ chunkId }) => chunkId).join(', ')} completed by another than who was cut off with it`,
    );
    if (proxy.passed() !== passed) throw new Stop(`${proxy.passed() - passed} bytes passed the cut`);
    return {
      target: `${proxy.connections()} connections`,
      struckAt,
      chunk: taken.chunkId,
      worker: taken.worker,
      observed: `no byte passed until another had completed chunk ${taken.chunkId}, which ${taken.worker} held`,
    };
  },
  heal: async (stage) => {
    const [proxy] = stage.proxies;
    const passed = proxy?.passed() ?? 0;
    proxy?.heal();
    await stage.until(
      () => proxy && (proxy.passed() > passed || proxy.connections() === 0),
      'traffic through the healed connection',
    );
  },
};

/**
 * Stalls while somebody is in the middle of a chunk. A settle that had just passed leaves nothing to take over: then once more.
 * @param {import('./stage.mjs').ProcessStage} stage
 * @param {import('../../proxy.mjs').Proxy} proxy
 */
async function stallHolders(stage, proxy) {
  for (let n = 1; n <= TRIES; n++) {
    await stage.until(async () => (await stage.held()).length > 0, 'a worker in the middle of a chunk');
    const struckAt = Date.now();
    proxy.stall();
    const { results } = await stage.read();
    const held = (await stage.held()).filter(
      ({ worker, chunkId }) => !results.some((r) => r.chunkId === chunkId && r.workerId === worker),
    );
    if (held.length > 0) return { struckAt, held };
    proxy.heal();
  }
  throw new Stop(`nobody was cut off in the middle of a chunk in ${TRIES} tries`, 'use a run with longer chunks');
}

/** @type {Record<string, import('./stage.mjs').ProcessFault>} */
export const networkFaults = { partition };
