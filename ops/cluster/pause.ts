/** KEDA's pause of a release: no worker is started any more, those that run go on. What is queued stays queued. */
import { setHeaderOptions } from '@kubernetes/client-node';
import { Stop } from '../script/stop.js';
import { orAbsent, type ScaledJob } from './kube.js';
import { runTtgOnRelease } from './open-run.js';
import { findReleaseEnv, type Where } from './release.js';

const PAUSED = 'autoscaling.keda.sh/paused';
const KEDA = { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledjobs' };

/** What Go's ParseBool takes for false is not paused, anything else is (apis/keda/v1alpha1/scaledjob_types.go). */
export function isPaused({ metadata }: Pick<ScaledJob, 'metadata'>): boolean {
  const paused = metadata.annotations?.[PAUSED];
  return paused !== undefined && !/^(0|f|F|false|FALSE|False)$/.test(paused);
}

/** Safe to repeat. @returns the name of the ScaledJob, and whether it was paused before */
export async function pauseRelease(where: Where): Promise<{ name: string; before: boolean }> {
  const found = await scaledJobOf(where);
  if (!found) throw noScaledJob(where);
  const before = isPaused(found);
  const name = found.metadata.name ?? '';
  if (!before) await annotate(where, name, 'true');
  return { name, before };
}

/** Safe to repeat. @returns the name of the ScaledJob that was paused; undefined where none was */
export async function unpauseRelease(where: Where): Promise<string | undefined> {
  const found = await scaledJobOf(where);
  if (!found || !isPaused(found)) return undefined;
  const name = found.metadata.name ?? '';
  // A merge patch takes a field away by null.
  await annotate(where, name, null);
  return name;
}

/** Takes the pause back, then ends the run's halt, if it is halted. @returns the exit status of `ttg resume` */
export async function resumeRelease(
  where: Where,
  options: { signal: AbortSignal; runId?: string | undefined; force?: boolean; print: (line: string) => unknown },
): Promise<number> {
  const name = await unpauseRelease(where);
  if (name !== undefined) await options.print(`ScaledJob ${name} is not paused any more: KEDA starts workers again`);
  return runTtgOnRelease(where, ['resume', ...(options.force ? ['--force'] : [])], options);
}

async function scaledJobOf(where: Where): Promise<ScaledJob | undefined> {
  return (await findReleaseEnv(where))?.scaledJob;
}

function noScaledJob({ kube, namespace, release }: Where): Stop {
  return new Stop(
    `namespace ${namespace} of ${kube.context} has no ScaledJob of release ${release}`,
    'name another release (--release) or namespace (-n); static mode cannot be paused, and in a run without KEDA nothing starts workers',
  );
}

async function annotate({ kube, namespace }: Where, name: string, value: string | null): Promise<void> {
  const body = { metadata: { annotations: { [PAUSED]: value } } };
  const mergePatch = setHeaderOptions('Content-Type', 'application/merge-patch+json');
  const patched: unknown = await orAbsent(
    kube.custom.patchNamespacedCustomObject({ ...KEDA, namespace, name, body }, mergePatch),
  );
  if (patched === undefined) throw new Stop(`ScaledJob ${namespace}/${name} is gone`, 'look at `helm list`');
}
