/** Faults of processes while a run is drained: a loss of power, a worker out of memory, a connection that is cut. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Proxy } from '../../ops/local/proxy.js';
import { Stop } from '../../ops/script/stop.js';
import { hitHolder, preload } from '../hit.js';
import { endBy } from './signals.js';
import type { ProcessFault, ProcessStage } from './stage.js';

const SECOND_MS = 1000;

/**
 * Redis loses what it wrote since its last fsync, at most a second. RabbitMQ and the embedded broker confirm after the write to disk, so a
 * loss of power takes nothing that it confirmed: to everybody else it is a kill -9, and that is what is done.
 */
const powerLoss: ProcessFault = {
  disturbs: 'broker',
  when: 'draining',
  inject: async (stage) => {
    const { broker } = stage;
    if (stage.backend === 'rabbitmq') return { target: 'rabbitmq', observed: await stage.killBroker() };
    if (stage.backend === 'embedded') {
      const observed = await stage.killBroker();
      await broker.tearLog();
      return { target: 'embedded', observed: `${observed}; half a record at the end of its log` };
    }
    const before = await broker.logBytes();
    await sleep(SECOND_MS, undefined, { signal: stage.signal });
    const [lost, recorded] = [(await broker.logBytes()) - before, (await stage.read()).results.length];
    const refused = await stage.killBroker();
    await broker.cutLog(lost);
    if (lost === 0) throw new Stop('nothing was written in the last second: there was nothing to lose');
    return { target: 'redis', observed: `${refused}; ${lost} bytes cut off its log, which had ${recorded} results` };
  },
  heal: async (stage) => {
    await stage.restartBroker();
    // Where the seeding itself was lost, or what it put into the queue: safe in any case.
    await stage.reseed();
  },
};

/** Preloaded into workers: at SIGUSR2 the main thread fills its heap until V8 aborts the process. */
const ALLOCATE = preload(`const hoard = []; for (;;) hoard.push(new Array(10_000).fill(hoard.length));`);

/**
 * The kernel's OOM killer needs a memory limit and hence a container. Here the process ends by its own heap's limit: V8
 * aborts it (SIGABRT, exit status 134 in a shell), also in the middle of anything and without a chance to say so.
 */
const outOfMemory: ProcessFault = {
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = { NODE_OPTIONS: `--max-old-space-size=48 ${ALLOCATE}` };
  },
  inject: async (stage, rng) => {
    const hit = await hitHolder(stage, rng, async (name) => {
      const victim = stage.processes.get(name);
      if (!victim) throw new Stop(`there is no worker ${name}`);
      return endBy(victim, 'SIGUSR2', 'SIGABRT');
    });
    return { ...hit, observed: `${hit.observed} (heap limit, exit status 134)` };
  },
  heal: async () => {},
};

const TRIES = 5;

const partition: ProcessFault = {
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = stage.through(await stage.proxy());
  },
  inject: async (stage) => {
    const [proxy] = stage.proxies;
    if (!proxy) throw new Stop('there is no proxy to cut');
    const { hitAt, inFlight } = await stallHolders(stage, proxy);
    const passed = proxy.passed();
    const cutOff = new Set(stage.processes.running('worker').map(({ name }) => name));
    stage.workerEnv = {};
    const taken = await stage.until(
      async () => {
        // Those who are cut off count as running, so the scaler sends nobody to this side of the cut; and who finds all
        // that is left leased to others leaves, long before RabbitMQ's heartbeats tell it that the leases are void.
        if (stage.processes.running('worker').every(({ name }) => cutOff.has(name))) stage.startWorker();
        const { results } = await stage.read();
        return inFlight.find(({ worker, chunkId }) =>
          results.some((r) => r.chunkId === chunkId && r.workerId !== worker),
        );
      },
      `one of the chunks ${inFlight.map(({ chunkId }) => chunkId).join(', ')} completed by another than who was cut off with it`,
    );
    if (proxy.passed() !== passed) throw new Stop(`${proxy.passed() - passed} bytes passed the cut`);
    return {
      target: `${proxy.connections()} connections`,
      hitAt,
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
 * Stalls while somebody is in the middle of a chunk. A settle that had just passed leaves nothing to take over: then
 * once more.
 */
async function stallHolders(stage: ProcessStage, proxy: Proxy) {
  for (let n = 1; n <= TRIES; n++) {
    await stage.until(async () => (await stage.inFlight()).length > 0, 'a worker in the middle of a chunk');
    const hitAt = Date.now();
    proxy.stall();
    const { results } = await stage.read();
    const inFlight = (await stage.inFlight()).filter(
      ({ worker, chunkId }) => !results.some((r) => r.chunkId === chunkId && r.workerId === worker),
    );
    if (inFlight.length > 0) return { hitAt, inFlight };
    proxy.heal();
  }
  throw new Stop(`nobody was cut off in the middle of a chunk in ${TRIES} tries`, 'use a run with longer chunks');
}

export const drainingFaults: Record<string, ProcessFault> = {
  'worker-oom': outOfMemory,
  'power-loss': powerLoss,
  'partition': partition,
};
