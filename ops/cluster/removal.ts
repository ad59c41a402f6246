/** Deleting what carries the project's label, in an order in which nothing is left hanging. */
import type { V1Pod } from '@kubernetes/client-node';
import type { Run } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { waitFor } from '../script/wait.js';
import { type Owned, inventory } from './inventory.js';
import { type Kube, deploymentState } from './kube.js';

export interface Removal {
  run: Run;
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
  run,
  kube,
  namespace,
  release,
}: Pick<Removal, 'run' | 'kube' | 'namespace' | 'release'>): Promise<HelmRelease[]> {
  const scope = namespace ? ['--namespace', namespace] : ['--all-namespaces'];
  const { stdout } = await run.sh`helm --kube-context ${kube.context} list --all ${scope} --output json`;
  const all = JSON.parse(stdout) as HelmRelease[];
  return all.filter(({ name, chart }) => /^ttg-\d/.test(chart) && (!release || name === release));
}

/** Jobs go before their pods, which they would replace; claims last, when nothing mounts them. */
const ORDER = [['Job'], ['StatefulSet', 'Deployment'], ['Pod'], ['PersistentVolumeClaim']];

/**
 * ScaledJobs first: their finalizer needs KEDA, and without them nothing spawns new Jobs. Then the Helm releases, then
 * whatever of the selection is left.
 * @param releases to uninstall
 */
export async function remove(removal: Removal, releases: HelmRelease[]) {
  const { run, kube } = removal;
  await removeScaledJobs(removal);
  for (const { name, namespace } of releases) {
    await run.step(
      `helm uninstall ${name} in ${namespace}`,
      () => run.sh`helm --kube-context ${kube.context} --namespace ${namespace} uninstall ${name} --ignore-not-found`,
    );
  }
  const others = removal.select(await inventory(run, kube, removal)).filter((o) => !ORDER.flat().includes(o.kind));
  for (const kinds of [...ORDER.slice(0, 3), [...new Set(others.map((o) => o.kind))], ...ORDER.slice(3)]) {
    // read anew: what the last round owned is leaving by itself
    const objects = removal
      .select(await inventory(run, kube, removal))
      .filter((o) => kinds.includes(o.kind) && !o.leaving);
    await deleteAll(removal, objects);
  }
  await dropFinalizers(removal);
  await run.step('waiting until nothing of it is left', (say) =>
    waitFor(
      async () => {
        const left = removal.select(await inventory(run, kube, removal));
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
        signal: run.signal,
        say,
        everyMs: 1000,
        remedy: 'run this again; a pod on a lost node goes with `kubectl delete pod NAME --force --grace-period=0`',
      },
    ),
  );
}

async function removeScaledJobs(removal: Removal) {
  const { run, kube } = removal;
  const find = async () => removal.select(await inventory(run, kube, removal)).filter((o) => o.kind === 'ScaledJob');
  const found = await find();
  if (found.length === 0) return;
  await deleteAll(
    removal,
    found.filter((o) => !o.leaving),
  );
  await dropFinalizers(removal);
  await run.step('waiting for the ScaledJobs to go', (say) =>
    waitFor(
      async () => {
        const left = await find();
        return { done: left.length === 0, state: left.map((o) => `${o.name} ${o.state}`).join(', ') };
      },
      {
        what: 'the ScaledJobs',
        seconds: 60,
        signal: run.signal,
        say,
        remedy: 'KEDA must take its finalizer off: see the log of deployment keda-operator in namespace keda',
      },
    ),
  );
}

/** Without KEDA's operator nobody would take its finalizer off what is being deleted. */
async function dropFinalizers(removal: Removal) {
  const { run, kube } = removal;
  const held = removal
    .select(await inventory(run, kube, removal))
    .filter((o) => o.leaving && ['ScaledJob', 'TriggerAuthentication'].includes(o.kind));
  if (held.length === 0 || (await deploymentState(kube, 'keda', 'keda-operator')).done) return;
  await run.step(
    `KEDA's operator is not there: taking its finalizer off ${held.map((o) => o.name).join(', ')}`,
    async () => {
      for (const { kind, name, namespace } of held) {
        await run.sh`kubectl --context ${kube.context} --namespace ${namespace} patch ${kind} ${name} --type=merge --patch ${'{"metadata":{"finalizers":null}}'}`;
      }
    },
  );
}

async function deleteAll({ run, kube }: Removal, objects: Owned[]) {
  const groups: Map<string, Owned[]> = new Map();
  for (const object of objects)
    groups.set(`${object.namespace} ${object.kind}`, [
      ...(groups.get(`${object.namespace} ${object.kind}`) ?? []),
      object,
    ]);
  for (const group of groups.values()) {
    const { kind, namespace } = group[0] as Owned;
    const names = group.map((o) => o.name);
    await run.step(
      `deleting ${kind} ${names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')} in ${namespace}`,
      () =>
        run.sh`kubectl --context ${kube.context} --namespace ${namespace} delete ${kind} ${names} --ignore-not-found --wait=false`,
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
