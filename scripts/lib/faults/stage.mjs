/** What faults are played on: a real broker, a seeder, and workers by KEDA's rule, as processes of this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readLedger } from '../../../dist/core/ledger.js';
import { openBroker } from '../demo/broker.mjs';
import { makeProcesses } from '../demo/processes.mjs';
import { startScaler } from '../demo/scaler.mjs';
import { startProxy } from '../proxy.mjs';
import { Stop } from '../steps.mjs';

/**
 * @typedef {object} Settings of one run
 * @property {Record<string, string>} env of seeder and workers
 * @property {number} maxWorkers
 * @property {number} chunksPerWorker
 * @property {number} deadlineSeconds how long anything that is waited for may take
 * @property {number} [pollMs] how often the scaler looks
 *
 * @typedef {object} Reading
 * @property {import('../../../dist/core/ledger.js').Ledger} ledger
 * @property {import('../../../dist/core/messages.js').ResultRecord[]} results all of them, in the order of the log
 *
 * @typedef {object} FaultStage
 * @property {'redis' | 'rabbitmq'} backend
 * @property {import('../local-broker.mjs').LocalBroker} broker
 * @property {Record<string, string>} env of the run, its broker reached directly
 * @property {string} prefix of the names in the broker
 * @property {number} leaseMs after which a silent worker's chunk goes to another
 * @property {number} chunks how many the plan has
 * @property {AbortSignal} signal
 * @property {import('../demo/processes.mjs').Processes} processes
 * @property {Record<string, string>} workerEnv what workers that start from now on get besides
 * @property {() => import('../demo/processes.mjs').Process} startWorker one more than the scaler wants
 * @property {(env?: Record<string, string>) => import('../demo/processes.mjs').Process} startSeeder
 * @property {() => Promise<import('../proxy.mjs').Proxy>} proxy a new one to the broker; closed with the stage
 * @property {import('../proxy.mjs').Proxy[]} proxies
 * @property {(proxy: import('../proxy.mjs').Proxy) => Record<string, string>} through what makes a process go through it
 * @property {import('../../../dist/core/broker.js').Broker} observer a connection of our own to the broker, not through any proxy
 * @property {() => Promise<Reading>} read the log as it is now, from its first record
 * @property {<T>(observe: () => Promise<T | false | undefined> | T | false | undefined, what: string) => Promise<T>} until
 *   waits for an observation, up to the deadline; a read that failed is none
 * @property {() => Promise<void>} close
 */

const LOOK_MS = 50;

/**
 * @param {import('../local-broker.mjs').LocalBroker} broker stays when the stage closes
 * @param {Settings} settings
 * @param {AbortSignal} signal
 * @returns {Promise<FaultStage>}
 */
export async function makeStage(broker, settings, signal) {
  /** @type {Record<string, string>} */
  const env = { ...settings.env, ...broker.env, QUEUE_MODE: 'true', LOG_LEVEL: 'DEBUG', LOG_FORMAT: 'json' };
  const processes = makeProcesses();
  /** @type {import('../proxy.mjs').Proxy[]} */
  const proxies = [];
  const over = new AbortController();
  const observer = await openBroker({ ...env, POD_NAME: 'observer' }, over.signal);
  const runId = String(env.RUN_ID);
  const portVariable = broker.backend === 'redis' ? 'REDIS_PORT' : 'RABBITMQ_PORT';
  const plan = { total: Number(env.TOTAL_PARAMETERS), size: Number(env.CHUNK_SIZE) };
  let workers = 0;
  let seeders = 0;

  /** @type {FaultStage} */
  const stage = {
    backend: broker.backend, broker, env, signal, processes, observer,
    prefix: String(env.QUEUE_PREFIX),
    leaseMs: Number(env.STALE_THRESHOLD_MS),
    chunks: Math.ceil(plan.total / plan.size),
    workerEnv: {},
    startWorker: () => processes.start('worker', `${runId}-worker-${String(++workers).padStart(3, '0')}`, { ...env, ...stage.workerEnv }),
    startSeeder: (more = {}) => processes.start('seeder', `${runId}-seeder-${++seeders}`, { ...env, ...more }),
    proxies,
    proxy: async () => {
      const proxy = await startProxy(broker.port);
      proxies.push(proxy);
      return proxy;
    },
    through: (proxy) => ({ [portVariable]: String(proxy.port) }),
    read: () => read(observer, runId),
    until: (observe, what) => until(observe, what, settings.deadlineSeconds, signal),
    close: async () => {
      await scaler.stop();
      await processes.end();
      over.abort();
      await observer[Symbol.asyncDispose]();
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
  const scaler = await startScaler(env, {
    max: settings.maxWorkers, chunksPerWorker: settings.chunksPerWorker, everyMs: settings.pollMs,
    running: async () => processes.running('worker').length,
    spawn: () => void stage.startWorker(),
  });
  return stage;
}

/**
 * @param {import('../../../dist/core/broker.js').Broker} observer
 * @param {string} runId
 * @returns {Promise<Reading>}
 */
async function read(observer, runId) {
  /** @type {import('../../../dist/core/messages.js').LogEntry[]} */
  const entries = [];
  for await (const entry of observer.records()) entries.push(entry);
  const ledger = await readLedger(async function* () {
    yield* entries;
  }, runId);
  const results = entries.flatMap((entry) => ('record' in entry && entry.record.kind === 'result' && entry.record.runId === runId ? [entry.record] : []));
  return { ledger, results };
}

/**
 * @template T
 * @param {() => Promise<T | false | undefined> | T | false | undefined} observe
 * @param {string} what completes the sentence "did not see …"
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
async function until(observe, what, seconds, signal) {
  const deadline = performance.now() + seconds * 1000;
  let last = 'nothing was observed';
  for (;;) {
    signal.throwIfAborted();
    try {
      const seen = await observe();
      if (seen !== undefined && seen !== false) return seen;
      last = `last observation: ${String(seen)}`;
    } catch (thrown) {
      if (thrown instanceof Stop) throw thrown;
      last = `last read failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
    if (performance.now() >= deadline) throw new Stop(`did not see ${what} within ${seconds} s; ${last}`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}
