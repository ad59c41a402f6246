/** Worker Jobs of an earlier spec: gone if they never started, left alone if anything ever ran. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { CONFLICT, KubeError, NOT_FOUND, type KubeApi } from '../../core/runtime/incluster.js';
import { removeStaleJobs } from '../../seeder/stale-jobs.js';
import { configOf } from './support.js';

const ENV = { SCALED_JOB_NAME: 'ttg-worker', POD_NAMESPACE: 'sweep', WORKER_SPEC_HASH: 'new' };
const JOBS = '/apis/batch/v1/namespaces/sweep/jobs';

interface Fake {
  readonly name: string;
  readonly status?: object;
  /** undefined: the Job has no pod. */
  pod?: { node?: string; phase?: string; waiting?: string; running?: boolean; restarts?: number };
  readonly spec?: string;
  version?: number;
}

/**
 * Jobs of one ScaledJob with a pod each, as the API server tells of them, and a clock that stands still but for
 * waiting.
 */
class Cluster implements KubeApi {
  readonly deleted: string[] = [];
  readonly options: unknown[] = [];
  specOf = (_now: number): string | undefined => 'new';
  onWait = (_now: number): void => undefined;
  meanwhile: ((name: string) => void) | undefined;
  time = 0;
  jobs: Fake[];

  constructor(...jobs: Fake[]) {
    this.jobs = jobs;
  }

  now(): number {
    return this.time;
  }

  delay(ms: number): Promise<void> {
    this.time += ms;
    this.onWait(this.time);
    return Promise.resolve();
  }

  get(path: string): Promise<string> {
    if (path.includes('/scaledjobs/')) {
      const spec = this.specOf(this.time);
      if (spec === undefined) return Promise.reject(new KubeError(NOT_FOUND, 'no such ScaledJob'));
      return Promise.resolve(JSON.stringify({ metadata: { labels: { 'ttg.io/worker-spec': spec } } }));
    }
    const selector = decodeURIComponent(path.split('labelSelector=')[1] ?? '');
    if (path.startsWith(JOBS)) {
      expect(selector).toBe('scaledjob.keda.sh/name=ttg-worker,ttg.io/worker-spec!=new');
      return this.#list(
        this.jobs
          .filter(({ spec = 'old' }) => spec !== 'new')
          .map(({ name, status = {}, version = 1 }) => ({
            metadata: { name, uid: `uid-${name}`, resourceVersion: String(version) },
            status,
          })),
      );
    }
    expect(path).toMatch(/^\/api\/v1\/namespaces\/sweep\/pods\?/);
    return this.#list(
      this.jobs.flatMap(({ name, pod }) => {
        if (!pod) return [];
        const { phase = 'Pending', node, waiting, running, restarts = 0 } = pod;
        const state = running ? { running: {} } : { waiting: { reason: waiting } };
        const containerStatuses = waiting || running ? [{ restartCount: restarts, state }] : [];
        const labels = { 'batch.kubernetes.io/job-name': name };
        return [
          { metadata: { name: `${name}-p`, labels }, spec: { nodeName: node }, status: { phase, containerStatuses } },
        ];
      }),
    );
  }

  #list(items: readonly unknown[]): Promise<string> {
    return Promise.resolve(JSON.stringify({ items }));
  }

  patch(): Promise<string> {
    return Promise.reject(new Error('nothing is patched'));
  }

  delete(path: string, options: unknown): Promise<string> {
    const name = path.slice(JOBS.length + 1);
    this.meanwhile?.(name);
    const job = this.jobs.find((known) => known.name === name);
    if (!job) return Promise.reject(new KubeError(NOT_FOUND, 'gone'));
    const { preconditions } = options as { preconditions: { uid: string; resourceVersion: string } };
    if (preconditions.resourceVersion !== String(job.version ?? 1))
      return Promise.reject(new KubeError(CONFLICT, 'modified'));
    this.options.push(options);
    this.deleted.push(name);
    this.jobs = this.jobs.filter((known) => known !== job);
    return Promise.resolve('');
  }
}

async function clear(cluster: Cluster, env: Record<string, string> = ENV): Promise<string[]> {
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) });
  await removeStaleJobs(configOf(env), log, new AbortController().signal, () => cluster, cluster);
  return logged;
}

describe('worker Jobs of an earlier spec', () => {
  it.each<[string, Fake]>([
    ['no node takes its pod', { name: 'j', pod: {} }],
    ['its image does not exist', { name: 'j', pod: { node: 'n', waiting: 'ImagePullBackOff' } }],
    ['a quota admits no pod', { name: 'j' }],
    [
      'its Secret is missing',
      { name: 'j', status: { active: 1, ready: 0 }, pod: { node: 'n', waiting: 'CreateContainerConfigError' } },
    ],
  ])('go at once where %s', async (_, job) => {
    const cluster = new Cluster(job);
    expect(await clear(cluster)).toEqual(['removed worker Jobs of an earlier spec that never started']);
    expect(cluster.deleted).toEqual(['j']);
    expect(cluster.time).toBe(0);
    // Else the API server orphans the pods, which would wait for ever.
    expect(cluster.options).toMatchObject([
      { propagationPolicy: 'Background', preconditions: { uid: 'uid-j', resourceVersion: '1' } },
    ]);
  });

  it.each<[string, Fake]>([
    ['its worker is at work', { name: 'j', status: { ready: 1 }, pod: { node: 'n', phase: 'Running', running: true } }],
    ['its worker has just started, which its Job does not know yet', { name: 'j', pod: { node: 'n', running: true } }],
    [
      'its worker crashed and comes again',
      { name: 'j', pod: { node: 'n', phase: 'Running', waiting: 'CrashLoopBackOff', restarts: 1 } },
    ],
    ['a pod of it failed and the next one waits', { name: 'j', status: { failed: 1 }, pod: {} }],
    ['its worker is done', { name: 'j', status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } }],
    ['it is of the spec of now', { name: 'j', spec: 'new', pod: {} }],
    ['nobody knows the state of its pod', { name: 'j', pod: { node: 'n', phase: 'Unknown' } }],
  ])('stay where %s', async (_, job) => {
    const cluster = new Cluster(job);
    expect(await clear(cluster)).toEqual([]);
    expect(cluster.deleted).toEqual([]);
  });

  it('are watched while their pods are about to start, and stay once they have', async () => {
    const job: Fake = { name: 'j', pod: { node: 'n', waiting: 'ContainerCreating' } };
    const cluster = new Cluster(job);
    cluster.onWait = (now) => {
      if (now >= 3000) job.pod = { node: 'n', phase: 'Running', running: true };
    };
    await clear(cluster);
    expect(cluster.deleted).toEqual([]);
    expect(cluster.time).toBe(3000);
  });

  it('go where their pods are about to start for ever', async () => {
    const cluster = new Cluster({ name: 'j', pod: { node: 'n', waiting: 'ContainerCreating' } });
    await clear(cluster);
    expect(cluster.deleted).toEqual(['j']);
    expect(cluster.time).toBe(60_000);
  });

  it('stay where their pod starts between the look and the removal', async () => {
    const job: Fake = { name: 'j', pod: {} };
    const cluster = new Cluster(job);
    cluster.meanwhile = () => {
      job.version = 2;
      job.pod = { node: 'n', phase: 'Running', running: true };
    };
    expect(await clear(cluster)).toEqual([]);
    expect(cluster.deleted).toEqual([]);
  });

  it('go once the ScaledJob has the new spec, and not before, since KEDA would make them again', async () => {
    const cluster = new Cluster({ name: 'j', pod: {} });
    cluster.specOf = (now) => (now < 2000 ? undefined : now < 4000 ? 'old' : 'new');
    await clear(cluster);
    expect(cluster.deleted).toEqual(['j']);
    expect(cluster.time).toBe(4000);
  });

  it('are left to the next seeder where a later upgrade has come', async () => {
    const cluster = new Cluster({ name: 'j', pod: {} });
    cluster.specOf = () => 'newer';
    expect(await clear(cluster)).toEqual([]);
    expect(cluster.deleted).toEqual([]);
  });

  it('do not fail the seeding where the API refuses', async () => {
    const cluster = new Cluster({ name: 'j', pod: {} });
    cluster.get = () => Promise.reject(new KubeError(403, 'forbidden'));
    expect(await clear(cluster)).toEqual([expect.stringMatching(/^could not look for worker Jobs/)]);
  });

  it('are none outside a cluster', async () => {
    const cluster = new Cluster();
    cluster.get = () => Promise.reject(new Error('not to be asked'));
    expect(await clear(cluster, {})).toEqual([]);
  });
});
