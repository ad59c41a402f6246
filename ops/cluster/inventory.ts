/** Everything in a cluster that carries the project's label, in one reading; and how to say where it stands. */
import type { V1PodStatus } from '@kubernetes/client-node';
import type { Script } from '../script/frame.js';
import { servesScaledJobs } from './keda.js';
import { PROJECT, type Kube, COMPONENT, podState } from './kube.js';

/** An object as `kubectl get -o json` lists it, of whichever kind; of it what is shown here. */
export interface Listed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly completions?: number;
    readonly maxReplicaCount?: number;
    readonly replicas?: number;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
    readonly ports?: readonly { readonly port: number }[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly active?: number;
    readonly succeeded?: number;
    readonly readyReplicas?: number;
    readonly phase?: string;
    readonly capacity?: { readonly storage?: string };
  };
  readonly data?: unknown;
  readonly stringData?: unknown;
}

export interface Owned {
  kind: string;
  name: string;
  namespace: string;
  /** worker, seeder, redis, rabbitmq, verify or '' */
  component: string;
  release: string;
  /** is being deleted */
  leaving: boolean;
  /** one word or a few */
  state: string;
  /** without its data */
  object: Listed;
}

const KINDS = [
  ...[
    'statefulsets.apps',
    'deployments.apps',
    'jobs.batch',
    'pods',
    'services',
    'configmaps',
    'secrets',
    'serviceaccounts',
  ],
  ...['roles.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io', 'networkpolicies.networking.k8s.io'],
  ...['poddisruptionbudgets.policy', 'persistentvolumeclaims'],
];

const KEDA_KINDS = ['scaledjobs.keda.sh', 'triggerauthentications.keda.sh'];

/** @param where all namespaces and releases unless named */
export async function inventory(
  script: Script,
  kube: Kube,
  { namespace, release }: { namespace?: string | undefined; release?: string | undefined } = {},
): Promise<Owned[]> {
  const kinds = [...KINDS, ...((await servesScaledJobs(kube)) ? KEDA_KINDS : [])].join(',');
  const selector = `${PROJECT}${release ? `,app.kubernetes.io/instance=${release}` : ''}`;
  const scope = namespace ? ['--namespace', namespace] : ['--all-namespaces'];
  const { stdout } =
    await script.sh`kubectl --context ${kube.context} get ${kinds} ${scope} --selector ${selector} --output json`;
  return (JSON.parse(stdout) as { items: Listed[] }).items.map(owned);
}

function owned({ data: _data, stringData: _text, ...object }: Listed): Owned {
  const { name, namespace, labels = {}, deletionTimestamp } = object.metadata;
  const leaving = Boolean(deletionTimestamp);
  const state = leaving ? 'Terminating' : stateOf(object);
  return {
    kind: object.kind,
    name,
    namespace,
    component: labels[COMPONENT] ?? '',
    release: labels['app.kubernetes.io/instance'] ?? '',
    leaving,
    state,
    object,
  };
}

function stateOf({ kind, metadata, spec = {}, status = {} }: Listed): string {
  const condition = (type: string) => status.conditions?.find((c) => c.type === type);
  switch (kind) {
    case 'Pod':
      return `${podState({ metadata, status: status as V1PodStatus }).slice(metadata.name.length + 1)}${spec.nodeName ? ` on ${spec.nodeName}` : ''}`;
    case 'Job': {
      const end = ['Complete', 'Failed'].find((type) => condition(type)?.status === 'True');
      const reason = end === 'Failed' ? ` (${condition('Failed')?.reason})` : '';
      return `${end ?? `${status.active ?? 0} active`}${reason}, ${status.succeeded ?? 0} of ${spec.completions ?? 1} succeeded`;
    }
    case 'ScaledJob': {
      const ready = condition('Ready');
      return `Ready ${ready?.status ?? 'Unknown'}${ready?.status === 'True' ? '' : ` (${ready?.reason ?? 'not seen by KEDA'})`}, Active ${condition('Active')?.status ?? 'Unknown'}, at most ${spec.maxReplicaCount ?? 100}`;
    }
    case 'StatefulSet':
    case 'Deployment':
      return `${status.readyReplicas ?? 0} of ${spec.replicas ?? 1} ready`;
    case 'PersistentVolumeClaim':
      return `${status.phase ?? 'Pending'} ${status.capacity?.storage ?? spec.resources?.requests?.storage ?? ''}`.trim();
    case 'Service':
      return (spec.ports ?? []).map((p) => p.port).join(', ');
    default:
      return '';
  }
}

const ORDER = [
  'ScaledJob',
  'TriggerAuthentication',
  'StatefulSet',
  'Deployment',
  'Job',
  'Pod',
  'Service',
  'PersistentVolumeClaim',
  'Secret',
];

const rank = (kind: string) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);

/**
 * A table by namespace, one line an object.
 * @param kinds only these
 */
export function table(objects: Owned[], kinds?: string[]): string[] {
  const shown = objects.filter((o) => !kinds || kinds.includes(o.kind));
  const widths = [Math.max(0, ...shown.map((o) => o.kind.length)), Math.max(0, ...shown.map((o) => o.name.length))];
  return [...new Set(shown.map((o) => o.namespace))].sort().flatMap((namespace) => [
    `Namespace ${namespace}`,
    ...shown
      .filter((o) => o.namespace === namespace)
      .sort((a, b) => rank(a.kind) - rank(b.kind) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name))
      .map((o) =>
        `  ${o.kind.padEnd(widths[0] ?? 0)}  ${o.name.padEnd(widths[1] ?? 0)}  ${o.state}${runOf(o)}`.trimEnd(),
      ),
  ]);
}

function runOf({ kind, object }: Owned) {
  const id = object.metadata.labels?.['ttg.io/run-id'];
  return id && ['ScaledJob', 'Job', 'Pod'].includes(kind) ? `, run ${id}` : '';
}
