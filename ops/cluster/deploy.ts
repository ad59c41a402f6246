/** A release of the chart, installed or upgraded in a namespace that admits only pods of the level `restricted`. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { $ } from 'zx';
import { ROOT } from '../programs.js';
import type { Script } from '../script/frame.js';
import { messageOf, Stop } from '../script/stop.js';
import { orAbsent, type Kube } from './kube.js';
import type { Where } from './release.js';

export const helmTarget = ({ kube, namespace }: Where): string[] => [
  '--kube-context',
  kube.context,
  '--namespace',
  namespace,
];

/** The values files of a preset, then those that are given. */
export function valuesFiles({
  preset,
  backend,
  static: isStatic,
  values,
}: {
  preset?: string | undefined;
  backend?: string | undefined;
  static: boolean;
  values: readonly string[];
}): string[] {
  if (isStatic && (preset || backend))
    throw new Stop('--static goes without --preset and --backend', 'change its size with --set run.totalParameters=N');
  const first = join(ROOT, 'values', isStatic ? 'static.yaml' : `${preset ?? 'small'}-${backend ?? 'redis'}.yaml`);
  const files = [first, ...values.map((file) => resolve(file))];
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length) throw new Stop(`no such file: ${missing.join(', ')}`, `presets are in ${join(ROOT, 'values')}`);
  return files;
}

export async function createNamespace(kube: Kube, namespace: string): Promise<void> {
  await kube.core.createNamespace({
    body: { metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
  });
}

export async function ensureNamespace(script: Script, { kube, namespace }: Where): Promise<void> {
  if (await orAbsent(kube.core.readNamespace({ name: namespace }))) return;
  await script.step(`creating the namespace ${namespace} (Pod Security: restricted)`, () =>
    createNamespace(kube, namespace),
  );
}

/** A release whose helm was killed stays "pending" and refuses every upgrade. */
export async function requireSettled(script: Script, where: Where): Promise<void> {
  const { release } = where;
  const helm = helmTarget(where);
  const found = await script.sh({ nothrow: true })`helm ${helm} status ${release} --output json`;
  if (!found.ok) return;
  const { info, version } = JSON.parse(found.stdout) as { info: { status: string }; version: number };
  if (!info.status.startsWith('pending') && info.status !== 'uninstalling') return;
  const remedy = version > 1 && info.status !== 'uninstalling' ? 'rollback' : 'uninstall';
  throw new Stop(
    `release ${release} is ${info.status}: another helm is at work, or was cut off`,
    `if none is at work: \`helm ${helm.join(' ')} ${remedy} ${release}\`, then deploy again`,
  );
}

/** Not ended by Ctrl-C: a helm that is cut off leaves a release that refuses the next upgrade; this takes seconds. */
export async function upgrade(where: Where, args: readonly string[]): Promise<void> {
  const whole = $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'], nothrow: true });
  const done = await whole`helm ${helmTarget(where)} upgrade ${where.release} ${join(ROOT, 'chart')} ${args}`;
  if (done.ok) return;
  throw new Stop(
    `helm upgrade ${where.release}: ${messageOf(done)}`,
    'correct the value that the message names; `helm lint ./chart` with the same values checks without a cluster',
  );
}
