/** What faults are injected into: a real broker, a seeder, and workers by KEDA's rule, as processes of this machine. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, type LocalBroker } from '../../ops/local/broker.js';
import {
  type Processes as ProcessesType,
  type Process,
  makeProcesses,
  startScaler,
  isRunning,
} from '../../ops/local/fleet.js';
import { dial } from '../../ops/local/ports.js';
import { type Proxy, startProxy } from '../../ops/local/proxy.js';
import { inFlightOf } from '../../ops/run/chunk-log.js';
import { openBroker, readRun } from '../../ops/run/observe.js';
import { openRaw } from '../../ops/run/raw-broker.js';
import { Stop } from '../../ops/script/stop.js';
import { untilSeen } from '../../ops/script/wait.js';
import type { Stage, Fault, Settings } from '../types.js';
import { endBy, freeze, wake } from './signals.js';

/** what only processes of this machine have */
export interface Processes {
  broker: LocalBroker;
  processes: ProcessesType;
  /** one more than the scaler wants */
  startWorker: () => Process;
  startSeeder: (env?: Record<string, string>) => Process;
  /** a new one to the broker; closed with the stage */
  proxy: () => Promise<Proxy>;
  proxies: Proxy[];
  /** what makes a process go through it */
  through: (proxy: Proxy) => Record<string, string>;
}

export type ProcessStage = Stage & Processes;

export type ProcessFault = Fault<ProcessStage>;

/** @param broker stays when the stage closes */
export async function makeProcessStage(
  broker: LocalBroker,
  settings: Settings,
  signal: AbortSignal,
): Promise<ProcessStage> {
  const directory = await mkdtemp(join(tmpdir(), 'ttg-fault-'));
  const computation = settings.source === undefined ? {} : { COMPUTATION: join(directory, 'computation.mjs') };
  if (settings.source !== undefined) await writeFile(join(directory, 'computation.mjs'), settings.source);
  const env: Record<string, string> = {
    ...settings.env,
    ...computation,
    ...broker.env,
    QUEUE_MODE: 'true',
    LOG_LEVEL: 'DEBUG',
    LOG_FORMAT: 'json',
  };
  const processes = makeProcesses();
  const proxies: Proxy[] = [];
  const over = new AbortController();
  const observer = await openBroker({ ...env, POD_NAME: 'observer' }, over.signal);
  const runId = String(env.RUN_ID);
  const prefix = String(env.QUEUE_PREFIX);
  const { variable, address } = addressOf(broker);
  const processOf = (name: string) => {
    const found = processes.get(name);
    if (!found) throw new Stop(`there is no worker ${name}`);
    return found;
  };
  let workers = 0;
  let seeders = 0;

  const stage: ProcessStage = {
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
      const proxy = await startProxy(address);
      proxies.push(proxy);
      return proxy;
    },
    through: (proxy) => ({ [variable]: String(proxy.address) }),
    read: () => readRun(observer, runId),
    raw: () => openRaw(broker, prefix),
    inFlight: async () => processes.running('worker').flatMap(({ name, log }) => inFlightOf(name, log)),
    inFlightOf: async (name) =>
      inFlightOf(name, processes.get(name)?.log ?? '').sort((a, b) => b.startedAt - a.startedAt),
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
      const answer = await dial(address);
      if (answer !== 'ECONNREFUSED') throw new Stop(`${broker.backend} was killed, but ${address} answers: ${answer}`);
      return `${address}: connection refused`;
    },
    restartBroker: broker.restart,
    until: (observe, what) => untilSeen(observe, what, settings.deadlineSeconds, signal),
    remaining: async () =>
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

export async function seededBy(stage: ProcessStage, seeder: Process) {
  await stage.until(() => !isRunning(seeder), `the end of ${seeder.name}`);
  if (seeder.child.exitCode !== 0)
    throw new Stop(`${seeder.name} ended with ${seeder.child.exitCode ?? seeder.child.signalCode}\n${seeder.log}`);
}
