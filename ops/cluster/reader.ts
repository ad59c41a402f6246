/**
 * `ttg` in a pod of its own. Values outside of the log lie where pods reach them: on a volume, or in a store that has its
 * name, its certificate and its keys in the cluster. So may the table of the parameters.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { finished } from 'node:stream/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { Stop } from '../script/stop.js';
import { waitFor } from '../script/wait.js';
import { isReady, podState } from './kube.js';
import type { ReleaseEnv, Where } from './release.js';

/** Of the pod, should nobody be left to delete it. */
const LIFE_SECONDS = 6 * 3600;
const START_SECONDS = 120;

/** `--out` of `--out=FILE`. */
const nameOf = (word: string): string => word.split('=', 1)[0] ?? '';

/** Whether a command of `ttg` reads the values themselves, or the parameters. */
export function readsValues([verb, ...options]: readonly string[]): boolean {
  if (verb === 'diff') return true;
  const asking = verb === 'verify' ? ['--values'] : verb === 'results' ? ['--csv', '--format', '--out'] : [];
  return options.some((option) => asking.includes(nameOf(option)));
}

const OWN_VOLUMES = ['computation', 'tmp', 'ttg'];

/**
 * Whether the release's values lie outside of the log, or its table may lie on a volume. Static mode has its records in
 * logs, which are read here.
 */
export const liesElsewhere = ({ values, staticJob, template }: ReleaseEnv): boolean =>
  !staticJob &&
  (['directory', 's3'].includes(values.RESULTS_STORE ?? '') ||
    template.spec?.volumes?.some(({ name }) => !OWN_VOLUMES.includes(name)) === true);

/**
 * Prints where its caller prints; the file that `--out` names is written here.
 * @returns its exit status
 */
export async function runTtgInPod(
  where: Where,
  release: ReleaseEnv,
  args: readonly string[],
  { signal, runId }: { readonly signal: AbortSignal; readonly runId: string | undefined },
): Promise<number> {
  const files = ['--certificate', '--faults', '--check'].find((option) => args.map(nameOf).includes(option));
  if (files !== undefined)
    throw new Stop(`${files} names a file of this machine, and --values reads where pods do`, 'run them one by one');
  const { path, inPod, command } = writingThere(args);
  const { kube, namespace } = where;
  const { metadata } = await kube.core.createNamespacedPod({ namespace, body: readerOf(release, runId) });
  const name = metadata?.name ?? '';
  try {
    await started(where, name, signal);
    const status = await execute(where, name, ['node', 'ttg.js', ...command], 'inherit', signal);
    if (status !== 0 || path === undefined || inPod === undefined) return status;
    return await fetchFile(where, name, inPod, path, signal);
  } finally {
    await kube.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }).catch(() => undefined);
  }
}

interface There {
  /** Where `--out` writes here, and in the pod. */
  readonly path?: string;
  readonly inPod?: string;
  readonly command: readonly string[];
}

/** A command with the place of the pod in `--out FILE` or `--out=FILE`. */
export function writingThere(args: readonly string[]): There {
  const at = args.findIndex((word) => nameOf(word) === '--out');
  const word = args[at];
  if (word === undefined) return { command: args };
  const isOne = word.includes('=');
  const path = isOne ? word.slice('--out='.length) : args[at + 1];
  if (path === undefined) return { command: args };
  const inPod = `/out/${basename(path)}`;
  return { path, inPod, command: [...args.slice(0, at), `--out=${inPod}`, ...args.slice(at + (isOne ? 1 : 2))] };
}

/** A worker's pod in TTG's own image, that waits. */
function readerOf({ values, template }: ReleaseEnv, runId: string | undefined): V1Pod {
  const { metadata, spec } = template;
  const [worker] = spec?.containers ?? [];
  const image = values.TTG_IMAGE ?? worker?.image ?? '';
  const set: Record<string, string> = { LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text', ...(runId ? { RUN_ID: runId } : {}) };
  const { RUN_ID = '' } = { ...values, ...set };
  return {
    metadata: {
      generateName: `${values.SCALED_JOB_NAME ?? 'ttg'}-reader-`,
      labels: { ...metadata?.labels, 'ttg.io/component': 'reader', 'ttg.io/run-id': RUN_ID },
    },
    spec: {
      activeDeadlineSeconds: LIFE_SECONDS,
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'reader',
          image,
          imagePullPolicy: image === worker?.image ? (worker.imagePullPolicy ?? 'IfNotPresent') : 'IfNotPresent',
          command: ['node', '-e', 'setInterval(() => {}, 1e6)'],
          env: [
            ...(worker?.env ?? []).filter((variable) => !(variable.name in set)),
            ...Object.entries(set).map(([variable, value]) => ({ name: variable, value })),
          ],
          ...(worker?.envFrom ? { envFrom: worker.envFrom } : {}),
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } },
          ...(worker?.securityContext ? { securityContext: worker.securityContext } : {}),
          volumeMounts: [...(worker?.volumeMounts ?? []), { name: 'out', mountPath: '/out' }],
        },
      ],
      enableServiceLinks: false,
      ...(spec?.imagePullSecrets ? { imagePullSecrets: spec.imagePullSecrets } : {}),
      ...(spec?.nodeSelector ? { nodeSelector: spec.nodeSelector } : {}),
      restartPolicy: 'Never',
      ...(spec?.securityContext ? { securityContext: spec.securityContext } : {}),
      ...(spec?.serviceAccountName ? { serviceAccountName: spec.serviceAccountName } : {}),
      ...(spec?.tolerations ? { tolerations: spec.tolerations } : {}),
      terminationGracePeriodSeconds: 0,
      volumes: [...(spec?.volumes ?? []), { name: 'out', emptyDir: {} }],
    },
  };
}

async function started({ kube, namespace }: Where, name: string, signal: AbortSignal): Promise<void> {
  const look = async () => {
    const pod = await kube.core.readNamespacedPod({ namespace, name });
    return { done: isReady(pod), state: podState(pod) };
  };
  const remedy = `look at \`kubectl -n ${namespace} describe pod ${name}\``;
  await waitFor(look, { what: `pod ${name}, which reads the values`, seconds: START_SECONDS, signal, remedy });
}

async function fetchFile(where: Where, pod: string, from: string, to: string, signal: AbortSignal): Promise<number> {
  const partial = `${to}.partial`;
  try {
    const file = createWriteStream(partial);
    await once(file, 'open');
    const status = await execute(where, pod, ['cat', from], file, signal);
    file.end();
    await finished(file);
    if (status === 0) await rename(partial, to);
    return status;
  } finally {
    await rm(partial, { force: true });
  }
}

async function execute(
  { kube, namespace }: Where,
  pod: string,
  command: readonly string[],
  out: 'inherit' | NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<number> {
  const target = ['--context', kube.context, '-n', namespace, 'exec', pod, '-c', 'reader', '--'];
  const child = spawn('kubectl', [...target, ...command], {
    stdio: ['ignore', out === 'inherit' ? 'inherit' : 'pipe', 'inherit'],
    signal,
  });
  if (out !== 'inherit') child.stdout?.pipe(out, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
