/** What faults are played on: a real broker, a seeder, and workers by KEDA's rule, as processes of this machine. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBroker } from '../../demo/broker.mjs';
import { isRunning, makeProcesses } from '../../demo/processes.mjs';
import { startScaler } from '../../demo/scaler.mjs';
import { heldBy } from '../../demo/held.mjs';
import { startProxy } from '../../proxy.mjs';
import { Stop } from '../../steps.mjs';
import { openRaw } from '../raw.mjs';
import { readRun, untilSeen } from '../reading.mjs';
import { dial, endBy, freeze, wake } from './signals.mjs';

/**
 * @typedef {import('../types.mjs').Settings} Settings
 * @typedef {import('../types.mjs').Reading} Reading
 *
 * @typedef {object} Processes what only processes of this machine have
 * @property {import('../../local-broker.mjs').LocalBroker} broker
 * @property {import('../../demo/processes.mjs').Processes} processes
 * @property {() => import('../../demo/processes.mjs').Process} startWorker one more than the scaler wants
 * @property {(env?: Record<string, string>) => import('../../demo/processes.mjs').Process} startSeeder
 * @property {() => Promise<import('../../proxy.mjs').Proxy>} proxy a new one to the broker; closed with the stage
 * @property {import('../../proxy.mjs').Proxy[]} proxies
 * @property {(proxy: import('../../proxy.mjs').Proxy) => Record<string, string>} through what makes a process go through it
 *
 * @typedef {import('../types.mjs').Stage & Processes} ProcessStage
 * @typedef {import('../types.mjs').Fault<ProcessStage>} ProcessFault
 */

/**
 * @param {import('../../local-broker.mjs').LocalBroker} broker stays when the stage closes
 * @param {Settings} settings
 * @param {AbortSignal} signal
 * @returns {Promise<ProcessStage>}
 */
export async function makeProcessStage(broker, settings, signal) {
  const directory = await mkdtemp(join(tmpdir(), 'ttg-fault-'));
  const computation = settings.source === undefined ? {} : { COMPUTATION: join(directory, 'computation.mjs') };
  if (settings.source !== undefined) await writeFile(join(directory, 'computation.mjs'), settings.source);
  /** @type {Record<string, string>} */
  const env = {
    ...settings.env,
    ...computation,
    ...broker.env,
    QUEUE_MODE: 'true',
    LOG_LEVEL: 'DEBUG',
    LOG_FORMAT: 'json',
  };
  const processes = makeProcesses();
  /** @type {import('../../proxy.mjs').Proxy[]} */
  const proxies = [];
  const over = new AbortController();
  const observer = await openBroker({ ...env, POD_NAME: 'observer' }, over.signal);
  const runId = String(env.RUN_ID);
  const prefix = String(env.QUEUE_PREFIX);
  const portVariable = broker.backend === 'redis' ? 'REDIS_PORT' : 'RABBITMQ_PORT';
  const processOf = (/** @type {string} */ name) => {
    const found = processes.get(name);
    if (!found) throw new Stop(`there is no worker ${name}`);
    return found;
  };
  let workers = 0;
  let seeders = 0;

  /** @type {ProcessStage} */
  const stage = {
    backend: broker.backend,
    broker,
    env,
    signal,
    processes,
    observer,
    prefix,
    proxies,
    leaseMs: Number(env.STALE_THRESHOLD_MS),
    chunks: Math.ceil(Number(env.TOTAL_PARAMETERS) / Number(env.CHUNK_SIZE)),
    workerEnv: {},
    startWorker: () =>
      processes.start('worker', `${runId}-worker-${String(++workers).padStart(3, '0')}`, {
        ...env,
        ...stage.workerEnv,
      }),
    startSeeder: (more = {}) => processes.start('seeder', `${runId}-seeder-${++seeders}`, { ...env, ...more }),
    start: async () => void stage.startSeeder(),
    reseed: () => seededBy(stage, stage.startSeeder()),
    proxy: async () => {
      const proxy = await startProxy(broker.port);
      proxies.push(proxy);
      return proxy;
    },
    through: (proxy) => ({ [portVariable]: String(proxy.port) }),
    read: () => readRun(observer, runId),
    raw: () => openRaw(broker, prefix),
    held: async () => processes.running('worker').flatMap(({ name, log }) => heldBy(name, log)),
    heldBy: async (name) => heldBy(name, processes.get(name)?.log ?? '').sort((a, b) => b.startedAt - a.startedAt),
    killed: async () =>
      processes
        .all('worker')
        .filter(({ child }) => child.signalCode === 'SIGKILL')
        .map(({ name, child }) => ({ name, at: Date.now(), observed: `process ${child.pid} ended by SIGKILL` })),
    kill: (name) => endBy(processOf(name), 'SIGKILL'),
    freeze: (name) => freeze(processOf(name), stage.until),
    wake: (name) => wake(processOf(name), stage.until),
    killBroker: async () => {
      await broker.kill9();
      const answer = await dial(broker.port);
      if (answer !== 'ECONNREFUSED')
        throw new Stop(`${broker.backend} was killed, but port ${broker.port} answers: ${answer}`);
      return `port ${broker.port}: connection refused`;
    },
    restartBroker: broker.restart,
    until: (observe, what) => untilSeen(observe, what, settings.deadlineSeconds, signal),
    staying: async () =>
      [...processes.running('worker'), ...processes.running('seeder')].map(
        ({ name, child, log }) => `${name} (process ${child.pid}) stays:\n${log.split('\n').slice(-8).join('\n')}`,
      ),
    close: async () => {
      await scaler.stop();
      await processes.end();
      over.abort();
      await observer[Symbol.asyncDispose]();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await rm(directory, { recursive: true });
    },
  };
  const scaler = await startScaler(env, {
    max: settings.maxWorkers,
    chunksPerWorker: settings.chunksPerWorker,
    everyMs: settings.pollMs,
    running: async () => processes.running('worker').length,
    spawn: () => void stage.startWorker(),
  });
  return stage;
}

/** @param {ProcessStage} stage @param {import('../../demo/processes.mjs').Process} seeder */
export async function seededBy(stage, seeder) {
  await stage.until(() => !isRunning(seeder), `the end of ${seeder.name}`);
  if (seeder.child.exitCode !== 0)
    throw new Stop(`${seeder.name} ended with ${seeder.child.exitCode ?? seeder.child.signalCode}\n${seeder.log}`);
}
