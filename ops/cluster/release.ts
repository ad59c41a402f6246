/** A release as its own objects describe it: names, the workers' environment, and a way in to its broker. */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Job, V1PodTemplateSpec } from '@kubernetes/client-node';
import { Stop } from '../script/stop.js';
import { type Kube, PROJECT, type ScaledJob, connect, listScaledJobs, getSecret, orAbsent, matching } from './kube.js';
import { type Forward, forwardService } from './port-forward.js';

export interface Where {
  kube: Kube;
  namespace: string;
  release: string;
}

/** The release that the shared flags name; `connect` says what it throws. */
export const releaseOf = (flags: Parameters<typeof connect>[0] & Omit<Where, 'kube'>): Where => ({
  kube: connect(flags),
  namespace: flags.namespace,
  release: flags.release,
});

/** Labels of the release's objects. */
export const selectorOf = (release: string, component?: string) =>
  `${PROJECT},app.kubernetes.io/instance=${release}${component ? `,ttg.io/component=${component}` : ''}`;

export interface ReleaseEnv {
  /** literal values of the worker's environment, and the plan's while its seeder Job is there */
  values: Record<string, string>;
  /** variables that come from a Secret */
  secrets: Record<string, { name: string; key: string }>;
  /** undefined in static mode, or without KEDA */
  scaledJob: ScaledJob | undefined;
  /** the newest Indexed Job in static mode */
  staticJob: V1Job | undefined;
  /** of the pods whose environment this is */
  template: V1PodTemplateSpec;
}

/**
 * The environment of the release's workers: of its ScaledJob, in static mode of its Indexed Job, else of its seeder
 * Job.
 */
export async function releaseEnv(where: Where): Promise<ReleaseEnv> {
  const found = await findReleaseEnv(where);
  if (found) return found;
  const { kube, namespace, release } = where;
  throw new Stop(
    `namespace ${namespace} of ${kube.context} has no ScaledJob, no static Job and no seeder Job of release ${release}`,
    `see \`npx zx scripts/list.mjs\`, or deploy: \`npx zx scripts/deploy.mjs --release ${release} --namespace ${namespace}\``,
  );
}

/** @returns undefined where none of the release's objects says what its environment is */
export async function findReleaseEnv(where: Where): Promise<ReleaseEnv | undefined> {
  const { kube, namespace, release } = where;
  const [scaledJob] = await listScaledJobs(kube, namespace, selectorOf(release, 'worker'));
  const staticJob = scaledJob
    ? undefined
    : (await jobsOf(where, 'worker')).find((job) => job.spec?.completionMode === 'Indexed');
  const seeders = staticJob ? [] : await jobsOf(where, 'seeder');
  // without KEDA's API there are no ScaledJobs, but broker and log may be there still
  const template = (scaledJob?.spec.jobTargetRef ?? staticJob?.spec ?? seeders[0]?.spec)?.template;
  if (!template) return undefined;
  const { values, secrets } = environment(template);
  // workers take the plan from their messages, so only the seeder's environment says it
  const seeder = seeders.find((job) => job.metadata?.labels?.['ttg.io/run-id'] === values.RUN_ID);
  const plan = seeder?.spec ? environment(seeder.spec.template).values : {};
  for (const name of ['TOTAL_PARAMETERS', 'CHUNK_SIZE', 'AUTH_SECRET_NAME'])
    if (plan[name]) values[name] ??= plan[name];
  return { values, secrets, scaledJob, staticJob, template };
}

function environment(template: V1PodTemplateSpec) {
  const found: Pick<ReleaseEnv, 'values' | 'secrets'> = { values: {}, secrets: {} };
  for (const { name, value, valueFrom } of template.spec?.containers[0]?.env ?? []) {
    const ref = valueFrom?.secretKeyRef;
    if (ref) found.secrets[name] = { name: ref.name ?? '', key: ref.key };
    else if (typeof value === 'string') found.values[name] = value;
  }
  return found;
}

/** The release's Jobs of a component, newest first. */
export async function jobsOf({ kube, namespace, release }: Where, component: string) {
  const { items } = await kube.batch.listNamespacedJob({ namespace, labelSelector: selectorOf(release, component) });
  const created = (job: (typeof items)[number]) => Number(job.metadata?.creationTimestamp ?? 0);
  return items.sort((a, b) => created(b) - created(a));
}

export interface Connection {
  /** what core/runtime/config.ts reads, the broker's address replaced by local ports */
  env: Record<string, string>;
  release: ReleaseEnv;
  /** of the port-forwards */
  lastError: () => string;
  close: () => Promise<void>;
}

/**
 * Opens the broker of a release to this machine. A host that is no Service of the cluster (an external broker) stays as
 * it is. Static mode has no broker: the environment alone.
 */
export async function connectRelease({ kube, namespace, release }: Where): Promise<Connection> {
  const found = await releaseEnv({ kube, namespace, release });
  const env = { ...found.values };
  const forwards: Forward[] = [];
  const close = async () => void (await Promise.all(forwards.map((f) => f.close())));
  try {
    if (!found.staticJob) {
      env.QUEUE_MODE = 'true';
      await addSecrets({ kube, namespace, release }, found, env);
      for (const { host, inCluster, port } of endpoints(env)) {
        const opened = await openPort({ kube, namespace }, inCluster, Number(env[port] ?? DEFAULT_PORTS[port]));
        if (!opened) continue;
        forwards.push(opened);
        env[host] = '127.0.0.1';
        env[port] = String(opened.localPort);
      }
    }
    return { env, release: found, lastError: () => forwards.map((f) => f.lastError()).find(Boolean) ?? '', close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function endpoints(env: Record<string, string>) {
  const rabbitmq = env.QUEUE_BACKEND === 'rabbitmq';
  const host = rabbitmq ? 'RABBITMQ_HOST' : 'REDIS_HOST';
  const ports = rabbitmq ? ['RABBITMQ_PORT', 'RABBITMQ_MANAGEMENT_PORT'] : ['REDIS_PORT'];
  return ports.map((port) => ({ host, inCluster: env[host] ?? '', port }));
}

async function addSecrets({ kube, namespace, release }: Where, found: ReleaseEnv, env: Record<string, string>) {
  for (const [variable, { name, key }] of Object.entries(found.secrets)) {
    // All others are of the computation or of a store of values, which only pods talk to.
    if (!/^(REDIS|RABBITMQ)_/.test(variable)) continue;
    const until = performance.now() + (name === found.values.AUTH_SECRET_NAME ? PASSWORD_MS : 0);
    let secret = await getSecret(kube, namespace, name);
    while (secret?.data[key] === undefined && performance.now() < until) {
      await delay(250);
      secret = await getSecret(kube, namespace, name);
    }
    const value = secret?.data[key];
    // The chart's own Secret has no password before a seeder made it. The broker does not run either then: the caller
    // finds that out, and `why` the reason.
    if (value === undefined && secret?.labels['app.kubernetes.io/instance'] === release) continue;
    if (value === undefined)
      throw new Stop(
        `Secret ${namespace}/${name} has no key ${key} (for ${variable})`,
        'create it, or correct auth.existingSecret',
      );
    env[variable] = value;
  }
}

/** The first seeder of a release makes the password, some seconds after the installation. */
const PASSWORD_MS = 15_000;

const DEFAULT_PORTS = {
  REDIS_PORT: 6379,
  RABBITMQ_PORT: 5672,
  RABBITMQ_MANAGEMENT_PORT: 15672,
} as Record<string, number>;

/**
 * A local port to the pods behind a Service; undefined where the host is no Service.
 * @param host `service`, `service.namespace` or longer
 * @param port of the Service
 */
async function openPort({ kube, namespace }: { kube: Kube; namespace: string }, host: string, port: number) {
  const [name = '', ns = namespace] = host.split('.');
  const service = name ? await orAbsent(kube.core.readNamespacedService({ namespace: ns, name })) : undefined;
  if (!service?.spec?.selector) return undefined;
  const target = service.spec.ports?.find((p) => p.port === port)?.targetPort ?? port;
  const selector = matching(service.spec.selector);
  return forwardService({ kube, namespace: ns, selector, port: target });
}
