/** Deleting what carries the project's label, in an order in which nothing is left hanging. */
import type { V1Pod } from '@kubernetes/client-node';
import { $ } from 'zx';
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { waitFor } from '../script/wait.js';
import { type Owned, inventory } from './inventory.js';
import { deploymentState, orAbsent, type Kube } from './kube.js';

export interface Removal {
  script: Script;
  kube: Kube;
  select: (all: Owned[]) => Owned[];
  namespace?: string | undefined;
  release?: string | undefined;
}

export interface HelmRelease {
  name: string;
  namespace: string;
  status: string;
  chart: string;
}

/** Releases of TTG's chart, of whatever status. */
export async function helmReleases({
  script,
  kube,
  namespace,
  release,
}: Pick<Removal, 'script' | 'kube' | 'namespace' | 'release'>): Promise<HelmRelease[]> {
  const scope = namespace ? ['--namespace', namespace] : ['--all-namespaces'];
  const { stdout } = await script.sh`helm --kube-context ${kube.context} list --all ${scope} --output json`;
  const all = JSON.parse(stdout) as HelmRelease[];
  return all.filter(({ name, chart }) => /^ttg-\d/.test(chart) && (!release || name === release));
}

export interface Parts {
  /** Releases and whatever else carries the label. */
  readonly all: boolean;
  readonly workers: boolean;
  readonly pods: boolean;
  readonly redis: boolean;
  readonly rabbitmq: boolean;
  readonly data: boolean;
}

/**
 * What the flags of a removal name. Data goes only where it is asked for, and the brokers' passwords go with it:
 * whoever finds a volume again needs the password that is written in it. Services and settings go with their broker
 * only.
 */
export function selection({ all, workers, pods, redis, rabbitmq, data }: Parts): (found: Owned[]) => Owned[] {
  const running = [...(workers || pods ? ['worker'] : []), ...(pods ? ['seeder', 'verify'] : [])];
  const brokers = [...(redis ? ['redis', 'redis-insight'] : []), ...(rabbitmq ? ['rabbitmq'] : [])];
  if (all) return (found) => (data ? found : found.filter((o) => !isData(o, found)));
  return (found) =>
    found.filter((o) => {
      if (o.kind === 'PersistentVolumeClaim') return data && (brokers.length === 0 || brokers.includes(o.component));
      if (o.kind === 'Secret') return data && brokers.includes(o.component);
      if (running.includes(o.component)) return ['ScaledJob', 'Job', 'Pod'].includes(o.kind);
      return brokers.includes(o.component);
    });
}

/** A volume claim, or the password of the broker that wrote it. */
function isData(o: Owned, found: readonly Owned[]): boolean {
  if (o.kind !== 'Secret') return o.kind === 'PersistentVolumeClaim';
  return found.some(
    ({ kind, namespace, release, component }) =>
      kind === 'PersistentVolumeClaim' &&
      namespace === o.namespace &&
      release === o.release &&
      component === o.component,
  );
}

/** Jobs go before their pods, which they would replace; claims last, when nothing mounts them. */
const ORDER = [['Job'], ['StatefulSet', 'Deployment'], ['Pod'], ['PersistentVolumeClaim']];

/**
 * ScaledJobs first: their finalizer needs KEDA, and without them nothing spawns new Jobs. Then the Helm releases, then
 * whatever of the selection is left.
 * @param releases to uninstall
 */
export async function remove(removal: Removal, releases: HelmRelease[]) {
  const { script, kube } = removal;
  await removeScaledJobs(removal);
  for (const { name, namespace } of releases) {
    await script.step(`helm uninstall ${name} in ${namespace}`, () => uninstall(removal, name, namespace));
  }
  const others = removal.select(await inventory(script, kube, removal)).filter((o) => !ORDER.flat().includes(o.kind));
  for (const kinds of [...ORDER.slice(0, 3), [...new Set(others.map((o) => o.kind))], ...ORDER.slice(3)]) {
    // read anew: what the last round owned is leaving by itself
    const objects = removal
      .select(await inventory(script, kube, removal))
      .filter((o) => kinds.includes(o.kind) && !o.leaving);
    await deleteAll(removal, objects);
  }
  await dropFinalizers(removal);
  await script.step('waiting until nothing of it is left', (say) =>
    waitFor(
      async () => {
        const left = removal.select(await inventory(script, kube, removal));
        return {
          done: left.length === 0,
          state: `${left.length} left: ${left
            .slice(0, 4)
            .map((o) => `${o.kind} ${o.name} ${o.state}`)
            .join(', ')}`,
        };
      },
      {
        what: 'the deletion',
        seconds: 120,
        signal: script.signal,
        say,
        everyMs: 1000,
        remedy: 'run this again; a pod on a lost node goes with `kubectl delete pod NAME --force --grace-period=0`',
      },
    ),
  );
}

/**
 * Helm deletes every Secret of the release; those that are not selected are put back, as Helm's own, so that the next
 * install takes them over. Not ended by Ctrl-C, which in between would lose a password.
 */
async function uninstall(removal: Removal, name: string, namespace: string): Promise<void> {
  const { script, kube } = removal;
  const found = await inventory(script, kube, { namespace, release: name });
  const selected = removal.select(found);
  const kept = found.filter((o) => o.kind === 'Secret' && !selected.includes(o));
  const secrets = await Promise.all(
    kept.map((secret) => kube.core.readNamespacedSecret({ namespace, name: secret.name })),
  );
  const whole = $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await whole`helm --kube-context ${kube.context} --namespace ${namespace} uninstall ${name} --ignore-not-found`;
  for (const { metadata, type, data } of secrets) {
    if (await orAbsent(kube.core.readNamespacedSecret({ namespace, name: metadata?.name ?? '' }))) continue;
    const { name: secret = '', labels = {}, annotations = {} } = metadata ?? {};
    await kube.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: secret, labels, annotations }, ...(type ? { type } : {}), ...(data ? { data } : {}) },
    });
  }
}

async function removeScaledJobs(removal: Removal) {
  const { script, kube } = removal;
  const find = async () => removal.select(await inventory(script, kube, removal)).filter((o) => o.kind === 'ScaledJob');
  const found = await find();
  if (found.length === 0) return;
  await deleteAll(
    removal,
    found.filter((o) => !o.leaving),
  );
  await dropFinalizers(removal);
  await script.step('waiting for the ScaledJobs to go', (say) =>
    waitFor(
      async () => {
        const left = await find();
        return { done: left.length === 0, state: left.map((o) => `${o.name} ${o.state}`).join(', ') };
      },
      {
        what: 'the ScaledJobs',
        seconds: 60,
        signal: script.signal,
        say,
        remedy: 'KEDA must take its finalizer off: see the log of deployment keda-operator in namespace keda',
      },
    ),
  );
}

/** Without KEDA's operator nobody would take its finalizer off what is being deleted. */
async function dropFinalizers(removal: Removal) {
  const { script, kube } = removal;
  const blocked = removal
    .select(await inventory(script, kube, removal))
    .filter((o) => o.leaving && ['ScaledJob', 'TriggerAuthentication'].includes(o.kind));
  if (blocked.length === 0 || (await deploymentState(kube, 'keda', 'keda-operator')).done) return;
  await script.step(
    `KEDA's operator is not there: taking its finalizer off ${blocked.map((o) => o.name).join(', ')}`,
    async () => {
      for (const { kind, name, namespace } of blocked) {
        await script.sh`kubectl --context ${kube.context} --namespace ${namespace} patch ${kind} ${name} --type=merge --patch ${'{"metadata":{"finalizers":null}}'}`;
      }
    },
  );
}

async function deleteAll({ script, kube }: Removal, objects: Owned[]) {
  const groups: Map<string, Owned[]> = new Map();
  for (const object of objects)
    groups.set(`${object.namespace} ${object.kind}`, [
      ...(groups.get(`${object.namespace} ${object.kind}`) ?? []),
      object,
    ]);
  for (const group of groups.values()) {
    const { kind, namespace } = group[0] as Owned;
    const names = group.map((o) => o.name);
    await script.step(
      `deleting ${kind} ${names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')} in ${namespace}`,
      () =>
        script.sh`kubectl --context ${kube.context} --namespace ${namespace} delete ${kind} ${names} --ignore-not-found --wait=false`,
    );
  }
}

/**
 * A claim that a pod mounts would only hang.
 * @param pods of the same namespaces
 */
export function requireUnmounted(selected: Owned[], pods: V1Pod[]) {
  const gone = (pod: V1Pod) =>
    selected.some((o) => o.kind === 'Pod' && o.name === pod.metadata?.name && o.namespace === pod.metadata?.namespace);
  for (const claim of selected.filter((o) => o.kind === 'PersistentVolumeClaim')) {
    const user = pods.find(
      (pod) =>
        pod.metadata?.namespace === claim.namespace &&
        !gone(pod) &&
        pod.spec?.volumes?.some((v) => v.persistentVolumeClaim?.claimName === claim.name),
    );
    if (user)
      throw new Stop(
        `volume claim ${claim.name} is mounted by pod ${user.metadata?.name}`,
        'delete the broker with it: --redis --data, --rabbitmq --data, or --all',
      );
  }
}
