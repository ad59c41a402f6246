/** What faults are injected into: a release of the chart in a namespace of its own, on a cluster with KEDA. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '../../core/broker/port.js';
import { upgrade } from '../../ops/cluster/deploy.js';
import type { Kube } from '../../ops/cluster/kube.js';
import * as workers from '../../ops/cluster/pods.js';
import { seederEnded } from '../../ops/cluster/pods.js';
import { type Where, connectRelease } from '../../ops/cluster/release.js';
import { openBroker, readRun } from '../../ops/run/observe.js';
import { openRaw } from '../../ops/run/raw-broker.js';
import { Stop } from '../../ops/script/stop.js';
import { untilSeen } from '../../ops/script/wait.js';
import type { Stage, Fault, Settings } from '../types.js';
import { brokerOf } from './broker-pod.js';
import { makeNamespace, keepEvidence, removeNamespace } from './namespace.js';
import { valuesOf } from './values.js';

/** what only a cluster has */
export interface OnCluster {
  where: Where;
  /** name of the Kind cluster, or '' where it is another one */
  cluster: string;
  /** helm upgrade --install, with these variables instead of the run's */
  deploy: (over?: Record<string, string>) => Promise<void>;
  /** opens the broker to this process, once it is there */
  connect: () => Promise<void>;
  brokerPod: ReturnType<typeof brokerOf>;
}

export type ClusterStage = Stage & OnCluster;

export type ClusterFault = Fault<ClusterStage>;

export interface Place {
  kube: Kube;
  cluster: string;
  namespace: string;
  /** `ttg` when omitted */
  release?: string;
  /** tag; the chart's when omitted */
  image?: string;
  /** folder for what a person would want to see of a run that did not end well */
  evidence?: string;
}

/** @param place the namespace is made, and removed with the stage */
export async function makeClusterStage(
  backend: 'redis' | 'rabbitmq',
  { kube, cluster, namespace, release = 'ttg', image, evidence }: Place,
  settings: Settings,
  signal: AbortSignal,
): Promise<ClusterStage> {
  const where = { kube, namespace, release };
  await makeNamespace(kube, namespace, signal);
  const directory = await mkdtemp(join(tmpdir(), 'ttg-fault-'));
  let revision = 0;
  const deploy = async (over: Record<string, string> = {}) => {
    const file = join(directory, `values-${++revision}.json`);
    const values = valuesOf({ ...settings.env, ...over }, stage.workerEnv, settings);
    await writeFile(file, JSON.stringify({ backend, ...(image ? { image: { tag: image } } : {}), ...values }));
    await upgrade(where, ['--install', '--values', file]);
  };
  const stage = assemble(backend, where, cluster, settings, signal, {
    deploy,
    start: async () => {
      await deploy();
      await stage.connect();
    },
    close: async (failed) => {
      if (failed && evidence) await keepEvidence(where, join(evidence, namespace));
      await removeNamespace(where);
      await rm(directory, { recursive: true });
    },
  });
  return stage;
}

/**
 * A release that is there already, with the run it is at.
 * @param place stays as it is when the stage closes
 */
export async function attachClusterStage(
  { kube, cluster, namespace, release = 'ttg' }: Pick<Place, 'kube' | 'cluster' | 'namespace' | 'release'>,
  { runId, deadlineSeconds }: { runId?: string | undefined; deadlineSeconds: number },
  signal: AbortSignal,
): Promise<ClusterStage> {
  const where = { kube, namespace, release };
  const { env, close } = await connectRelease(where);
  await close();
  if (env.QUEUE_MODE !== 'true')
    throw new Stop(`release ${release} in namespace ${namespace} is static: it has no broker, and recovers nothing`);
  const settings = {
    env: { ...env, ...(runId ? { RUN_ID: runId } : {}) },
    maxWorkers: 0,
    chunksPerWorker: 0,
    deadlineSeconds,
  };
  const stage = assemble(env.QUEUE_BACKEND === 'rabbitmq' ? 'rabbitmq' : 'redis', where, cluster, settings, signal, {
    // As annotations: a list like extraEnv would replace the release's own.
    deploy: () =>
      upgrade(where, [
        '--reuse-values',
        ...Object.entries(stage.workerEnv).flatMap(([name, value]) => [
          '--set-string',
          `worker.podAnnotations.${name}=${value}`,
        ]),
      ]),
    start: () => stage.connect(),
    close: async () => {},
  });
  await stage.start();
  return stage;
}

function assemble(
  backend: 'redis' | 'rabbitmq',
  where: Where,
  cluster: string,
  { env, deadlineSeconds }: Settings,
  signal: AbortSignal,
  own: Pick<ClusterStage, 'deploy' | 'start' | 'close'>,
): ClusterStage {
  const prefix = env.QUEUE_PREFIX ?? 'ttg';
  // A release that was attached to may say less.
  const logsChunks = env.LOG_LEVEL === undefined || (env.LOG_LEVEL === 'DEBUG' && env.LOG_FORMAT === 'json');
  const over = new AbortController();
  let opened: { env: Record<string, string>; observer: Broker; close: () => Promise<void> } | undefined;
  const connected = () => {
    if (!opened) throw new Error('the broker is not connected yet');
    return opened;
  };
  const brokerPod = brokerOf(where, backend, (observe, what) => stage.until(observe, what));
  const stage: ClusterStage = {
    ...own,
    backend,
    where,
    cluster,
    signal,
    prefix,
    brokerPod,
    workerEnv: {},
    leaseMs: Number(env.STALE_THRESHOLD_MS),
    chunks: Math.ceil(Number(env.TOTAL_PARAMETERS) / Number(env.CHUNK_SIZE)),
    get env() {
      return { ...env, ...opened?.env, RUN_ID: String(env.RUN_ID) };
    },
    get observer() {
      return connected().observer;
    },
    connect: async () => {
      if (opened) return;
      await brokerPod.ready();
      const connection = await connectRelease(where);
      const observer = await openBroker({ ...connection.env, POD_NAME: 'observer' }, over.signal);
      opened = { env: connection.env, observer, close: connection.close };
    },
    reseed: async () => {
      await own.deploy();
      await seederEnded(where, stage.until);
    },
    read: () => readRun(connected().observer, String(env.RUN_ID)),
    raw: async () => {
      const { env: e } = connected();
      const [port, user, password] =
        backend === 'redis'
          ? [e.REDIS_PORT, '', e.REDIS_PASSWORD]
          : [e.RABBITMQ_PORT, e.RABBITMQ_USER ?? '', e.RABBITMQ_PASSWORD];
      return openRaw({ backend, host: '127.0.0.1', port: Number(port), user, password: password ?? '' }, prefix);
    },
    until: (observe, what) => untilSeen(observe, what, deadlineSeconds, signal),
    inFlight: () => workers.inFlightOfWorkers(where, logsChunks),
    inFlightOf: (name) => workers.inFlightOfPod(where, name, logsChunks),
    killed: () => workers.killedWorkers(where),
    kill: (name) => workers.killWorker(where, name, stage.until),
    freeze: (name) => workers.freezeWorker(where, name, stage.until),
    wake: (name) => workers.wakeWorker(where, name, stage.until),
    killBroker: () => brokerPod.kill(),
    restartBroker: () => brokerPod.ready(),
    remaining: () => workers.remainingPods(where),
    close: async (failed) => {
      over.abort();
      await opened?.observer[Symbol.asyncDispose]();
      await opened?.close();
      await own.close(failed);
    },
  };
  return stage;
}
