/** StatefulSets and Jobs with their pods, warnings and last words, as cli/why wants them. */
import type { V1Pod, V1StatefulSet, V1Job } from '@kubernetes/client-node';
import { type Kube, orAbsent } from '../../ops/cluster/kube.js';
import type { OwnerFacts, PodFacts } from './facts.js';

export type Warnings = Awaited<ReturnType<typeof readWarnings>>;

const ms = (time: Date | string | undefined) => (time === undefined ? undefined : Number(new Date(time)));

/** The namespace's Warning events. */
export async function readWarnings(kube: Kube, namespace: string) {
  const { items } = await kube.core.listNamespacedEvent({ namespace, fieldSelector: 'type=Warning' });
  const at = (event: (typeof items)[number]) =>
    ms(event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp) ??
    0;
  const newestFirst = items.sort((a, b) => at(b) - at(a));
  return {
    /** The newest one about this object. */
    of(kind: string, name: string | undefined, reason?: string) {
      const found = newestFirst.find(
        ({ involvedObject: o, reason: r }) =>
          o.kind === kind && o.name === name && (reason === undefined || r === reason),
      );
      return found && (reason === undefined ? `${found.reason}: ${found.message ?? ''}` : (found.message ?? ''));
    },
  };
}

export async function readSet(
  set: V1StatefulSet,
  around: { kube: Kube; pods: V1Pod[]; warnings: Warnings },
): Promise<OwnerFacts> {
  return {
    ...(await readCommon('StatefulSet', set, around)),
    wanted: set.spec?.replicas ?? 1,
    suspended: false,
    ended: undefined,
    endReason: '',
  };
}

export async function readJob(
  job: V1Job,
  around: { kube: Kube; pods: V1Pod[]; warnings: Warnings },
): Promise<OwnerFacts> {
  const end = job.status?.conditions?.find(
    (c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True',
  );
  return {
    ...(await readCommon('Job', job, around)),
    wanted: job.spec?.parallelism ?? 1,
    suspended: job.spec?.suspend ?? false,
    ended: end?.type as OwnerFacts['ended'],
    endReason: `${end?.reason ?? ''} ${end?.message ?? ''}`.trim(),
  };
}

async function readCommon(
  kind: OwnerFacts['kind'],
  { metadata }: V1Job | V1StatefulSet,
  { kube, pods, warnings }: { kube: Kube; pods: V1Pod[]; warnings: Warnings },
) {
  const own = pods.filter((pod) => pod.metadata?.ownerReferences?.some(({ uid }) => uid === metadata?.uid));
  return {
    kind,
    name: metadata?.name ?? '',
    createdAt: ms(metadata?.creationTimestamp) ?? 0,
    pods: await Promise.all(own.map((pod) => readPod(kube, pod, warnings))),
    createError: own.length === 0 ? warnings.of(kind, metadata?.name, 'FailedCreate') : undefined,
  };
}

/**
 * A seeder that runs for long says in its log what it waits for, and so does a worker whose values go to a store. Other
 * workers' logs are of no interest while they run.
 */
const speaksAtWork = ({ metadata, spec }: V1Pod): boolean =>
  metadata?.labels?.['ttg.io/component'] === 'seeder' ||
  spec?.containers[0]?.env?.some(({ name }) => name === 'RESULTS_STORE') === true;

async function readPod(kube: Kube, pod: V1Pod, warnings: Warnings): Promise<PodFacts> {
  const { metadata, spec, status } = pod;
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const waiting = containers.find((c) => c.state?.waiting);
  const ended = containers
    .map((c) => c.state?.terminated ?? c.lastState?.terminated)
    .find((end) => end !== undefined && end.exitCode !== 0);
  const speaks = ended !== undefined || (status?.phase === 'Running' && speaksAtWork(pod));
  return {
    name: metadata?.name ?? '',
    phase: status?.phase ?? 'Unknown',
    ready: status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false,
    leaving: metadata?.deletionTimestamp !== undefined,
    node: spec?.nodeName,
    createdAt: ms(metadata?.creationTimestamp) ?? 0,
    startedAt: ms(containers.find((c) => c.state?.running)?.state?.running?.startedAt),
    waiting: waiting && {
      reason: waiting.state?.waiting?.reason ?? '',
      message: waiting.state?.waiting?.message ?? '',
      image: waiting.image,
    },
    unschedulable: status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')?.message,
    exit: ended && { code: ended.exitCode, reason: ended.reason ?? '', at: ms(ended.finishedAt) ?? 0 },
    lastLine: speaks ? await lastWords(kube, pod) : undefined,
    warning: warnings.of('Pod', metadata?.name),
  };
}

async function lastWords(kube: Kube, { metadata, status }: V1Pod) {
  const container = status?.containerStatuses?.[0];
  const previous = container?.state?.waiting !== undefined && container.lastState?.terminated !== undefined;
  const log = { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', tailLines: 40, previous };
  const text = await orAbsent(kube.core.readNamespacedPodLog(log)).catch(() => undefined);
  return text && saidLast(text);
}

const TEXT_LINE = /^\S+ \[[A-Z]+\] \S+ \S+: (.*)$/;

/**
 * The last thing that a log says, in either of our formats without time and name; a stack belongs to the line above it.
 */
export function saidLast(text: string): string | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  for (const line of lines.toReversed()) {
    const said = TEXT_LINE.exec(line)?.[1] ?? saidInJson(line);
    if (said !== undefined) return said;
  }
  return lines.at(-1);
}

function saidInJson(line: string) {
  if (!line.startsWith('{')) return undefined;
  try {
    const { msg, err, reason } = JSON.parse(line) as { msg?: unknown; err?: { message?: string }; reason?: string };
    return typeof msg === 'string' ? [msg, err?.message ?? reason].filter(Boolean).join(': ') : undefined;
  } catch {
    return undefined;
  }
}
