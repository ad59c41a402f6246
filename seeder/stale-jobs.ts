/**
 * Removes worker Jobs of an earlier spec that cannot start. KEDA's gradual rollout keeps every Job of an earlier spec,
 * so that no worker is killed by an upgrade, and counts all unfinished ones against the maximum, pending ones too: Jobs
 * whose pods no node takes, or whose image does not exist, would hold the places of the corrected ones until their
 * deadline.
 */
import { delay } from '../core/runtime/backoff.js';
import type { Config } from '../core/runtime/config.js';
import { asError } from '../core/runtime/errors.js';
import { CONFLICT, KubeError, NOT_FOUND, type KubeApi } from '../core/runtime/incluster.js';
import type { Logger } from '../core/runtime/logger.js';

const SPEC = 'ttg.io/worker-spec';
/** Until the ScaledJob carries the new spec: Helm creates the seeder's Job a moment before it changes the ScaledJob. */
const ROLLOUT_MS = 30_000;
/** A pod that has its node starts within seconds: it is given this time, and then counts as stuck. */
const STARTING_MS = 60_000;
const LOOK_MS = 1000;

interface Meta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels?: Record<string, string>;
  readonly deletionTimestamp?: string;
}
interface Job {
  readonly metadata: Meta;
  readonly status?: {
    readonly succeeded?: number;
    readonly failed?: number;
    readonly ready?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
interface Pod {
  readonly metadata: Meta;
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount?: number;
      readonly state?: { readonly waiting?: { readonly reason?: string }; readonly running?: object };
    }[];
  };
}
interface List<T> {
  readonly items: readonly T[];
}

/** For a test's clock. */
export interface Clock {
  now(): number;
  delay(ms: number, stop: AbortSignal): Promise<void>;
}
const systemClock: Clock = { now: () => Date.now(), delay };

/**
 * Resolves once no Job of an earlier spec can still turn out to be stuck, or after about a minute. Never fails the
 * seeding: without it the corrected workers come later, not never.
 */
export async function removeStaleJobs(
  config: Config,
  log: Logger,
  stop: AbortSignal,
  api: () => KubeApi,
  clock: Clock = systemClock,
): Promise<void> {
  if (!config.SCALED_JOB_NAME || !config.WORKER_SPEC_HASH) return;
  try {
    const kube = api();
    const began = clock.now();
    if (!(await rolledOut(kube, config, stop, clock))) return;
    let removed = 0;
    do {
      const { stuck, starting } = await look(kube, config, clock.now() - began >= STARTING_MS);
      const gone: boolean[] = [];
      for (const job of stuck) gone.push(await remove(kube, config, job));
      removed += gone.filter(Boolean).length;
      if (!starting && gone.every(Boolean)) break;
      await clock.delay(LOOK_MS, stop);
    } while (!stop.aborted);
    if (removed) log.info({ jobs: removed }, 'removed worker Jobs of an earlier spec that never started');
  } catch (thrown) {
    log.warn(
      { error: asError(thrown).message },
      'could not look for worker Jobs of an earlier spec that never started: such Jobs hold their places until they end',
    );
  }
}

/** Before that, KEDA would only make the same Jobs again. A later upgrade has a seeder of its own. */
async function rolledOut(kube: KubeApi, config: Config, stop: AbortSignal, clock: Clock): Promise<boolean> {
  const path = `/apis/keda.sh/v1alpha1/namespaces/${config.POD_NAMESPACE}/scaledjobs/${config.SCALED_JOB_NAME}`;
  for (const until = clock.now() + ROLLOUT_MS; clock.now() < until && !stop.aborted; await clock.delay(LOOK_MS, stop)) {
    const scaledJob = await kube.get(path).catch((thrown: unknown) => {
      if (thrown instanceof KubeError && thrown.status === NOT_FOUND) return '{"metadata":{}}';
      throw thrown;
    });
    const { metadata } = JSON.parse(scaledJob) as { metadata: Pick<Meta, 'labels'> };
    if (metadata.labels?.[SPEC] === config.WORKER_SPEC_HASH) return true;
  }
  return false;
}

interface Seen {
  /** Jobs of an earlier spec that hold a place and do not start. */
  readonly stuck: readonly Job[];
  /** Whether there are further ones whose pods are about to start, as far as one can see. */
  readonly starting: boolean;
}

async function look(kube: KubeApi, config: Config, patienceIsOver: boolean): Promise<Seen> {
  const of = `scaledjob.keda.sh/name=${config.SCALED_JOB_NAME}`;
  const earlier = encodeURIComponent(`${of},${SPEC}!=${config.WORKER_SPEC_HASH}`);
  const namespace = `namespaces/${config.POD_NAMESPACE}`;
  const jobs = JSON.parse(await kube.get(`/apis/batch/v1/${namespace}/jobs?labelSelector=${earlier}`)) as List<Job>;
  const unfinished = jobs.items.filter((job) => !job.metadata.deletionTimestamp && neverRan(job));
  if (!unfinished.length) return { stuck: [], starting: false };
  // After the Jobs: a pod that appears in between is one more reason to leave its Job alone, never one to take it.
  const selector = encodeURIComponent(of);
  const pods = JSON.parse(await kube.get(`/api/v1/${namespace}/pods?labelSelector=${selector}`)) as List<Pod>;
  const states = unfinished.map((job) => ({ job, state: stateOf(job, pods.items, patienceIsOver) }));
  return {
    stuck: states.filter(({ state }) => state === 'stuck').map(({ job }) => job),
    starting: states.some(({ state }) => state === 'starting'),
  };
}

function neverRan({ status = {} }: Job): boolean {
  const ended = status.conditions?.some(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return !ended && !status.succeeded && !status.failed && !status.ready;
}

/** A Job without pods is stuck too: a quota admits none, or it is suspended. */
function stateOf({ metadata }: Job, pods: readonly Pod[], patienceIsOver: boolean): 'stuck' | 'starting' | 'ran' {
  const own = pods.filter((pod) => pod.metadata.labels?.['batch.kubernetes.io/job-name'] === metadata.name);
  if (own.some(ran)) return 'ran';
  return patienceIsOver || !own.some(startsSoon) ? 'stuck' : 'starting';
}

function ran({ status }: Pod): boolean {
  if (status?.phase !== 'Pending') return true;
  return status.containerStatuses?.some(({ restartCount, state }) => restartCount || !state?.waiting) ?? false;
}

/** It has a node, and nothing but the usual preparations is known of its container. */
function startsSoon({ spec, status }: Pod): boolean {
  if (!spec?.nodeName) return false;
  const usual = new Set([undefined, 'ContainerCreating', 'PodInitializing']);
  return status?.containerStatuses?.every(({ state }) => usual.has(state?.waiting?.reason)) ?? true;
}

/** @returns false where the Job has changed since it was looked at: its pod may have started */
async function remove(kube: KubeApi, config: Config, { metadata }: Job): Promise<boolean> {
  const { name, uid, resourceVersion } = metadata;
  try {
    await kube.delete(`/apis/batch/v1/namespaces/${config.POD_NAMESPACE}/jobs/${name}`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid, resourceVersion },
    });
    return true;
  } catch (thrown) {
    if (thrown instanceof KubeError && thrown.status === NOT_FOUND) return true;
    if (thrown instanceof KubeError && thrown.status === CONFLICT) return false;
    throw thrown;
  }
}
