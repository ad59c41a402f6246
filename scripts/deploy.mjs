#!/usr/bin/env node
/** A release of the chart, up to the moment when its run is seeded. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { $ } from 'zx';
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { ROOT } from '../dist/ops/programs.js';
import { connect, orAbsent } from '../dist/ops/cluster/kube.js';
import { waitRollout } from '../dist/ops/cluster/rollout.js';
import { messageOf, Stop } from '../dist/ops/script/stop.js';
import { runScript } from '../dist/ops/script/frame.js';
import { requireTools } from '../dist/ops/script/tools.js';

const FLAGS = /** @type {const} */ ({
  'preset': {
    type: 'string',
    choices: ['small', 'medium', 'large'],
    help: 'size of the run: values/PRESET-BACKEND.yaml (default small)',
  },
  'backend': { type: 'string', choices: ['redis', 'rabbitmq'], help: 'broker (default redis)' },
  'static': { type: 'boolean', help: 'static mode, no broker: values/static.yaml' },
  'run-id': {
    type: 'string',
    value: 'ID',
    help: 'the same id resumes or extends a run, a new one starts a further run',
  },
  'version': { type: 'string', value: 'V', help: "the image's tag (default: the chart's appVersion)" },
  'values': { type: 'string', value: 'FILE', multiple: true, help: 'values over those of the preset' },
  'set': { type: 'string', value: 'K=V', multiple: true, help: 'a single value over all files' },
  'timeout': { type: 'number', value: 'SECONDS', default: 180, help: 'how long to wait for each of broker and seeder' },
  ...RELEASE,
  ...NAMESPACE,
  ...CONTEXT,
});

await runScript(
  {
    name: 'deploy',
    about: 'Installs or upgrades the release, then waits until its broker is ready and its run seeded. Safe to repeat.',
    flags: FLAGS,
    examples: [
      'deploy.mjs --preset small --backend rabbitmq',
      'deploy.mjs --preset medium --run-id run-2',
      'deploy.mjs --static',
    ],
  },
  async (flags, run) => {
    const { release, namespace } = flags;
    const files = valuesFiles(flags);
    await requireTools(run, ['helm']);
    const kube = connect(flags);
    run.print(`Release ${release} in namespace ${namespace} of ${kube.context}, from ${files.join(', ')}`);

    if (!(await orAbsent(kube.core.readNamespace({ name: namespace })))) {
      await run.step(`creating the namespace ${namespace} (Pod Security: restricted)`, () =>
        kube.core.createNamespace({
          body: { metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
        }),
      );
    }
    const helm = ['--kube-context', kube.context, '--namespace', namespace];
    await requireSettled(run, helm, release);
    const args = [
      ...files.flatMap((file) => ['--values', file]),
      ...(flags['run-id'] ? ['--set-string', `run.id=${flags['run-id']}`] : []),
      ...(flags.version ? ['--set-string', `image.tag=${flags.version}`] : []),
      ...flags.set.flatMap((pair) => ['--set', pair]),
    ];
    await run.step(`helm upgrade --install ${release}`, async () => {
      // not ended by Ctrl-C: a helm that is cut off leaves a release that refuses the next upgrade; this takes seconds
      const whole = $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'], nothrow: true });
      const done = await whole`helm ${helm} upgrade --install ${release} ${resolve(ROOT, 'chart')} ${args}`;
      if (!done.ok)
        throw new Stop(
          messageOf(done),
          'correct the value that the message names; `helm lint ./chart` with the same values checks without a cluster',
        );
    });
    run.onInterrupt(`the release ${release} stays and goes on; to remove it: npx zx scripts/cleanup.mjs`);
    await waitRollout(run, { kube, namespace, release }, flags.timeout);

    const where = [
      ...(release === 'ttg' ? [] : [`--release ${release}`]),
      ...(namespace === 'default' ? [] : [`--namespace ${namespace}`]),
      ...(flags.context ? [`--context ${flags.context}`] : flags.name === 'ttg' ? [] : [`--name ${flags.name}`]),
    ]
      .map((word) => ` ${word}`)
      .join('');
    run.print(`Watch:   npx zx scripts/status.mjs --watch 2${where}`);
    run.print(`Results: npx zx scripts/results.mjs${where}`);
    run.print(
      `Verify:  npx zx scripts/verify.mjs${where}   (or: helm ${helm.join(' ')} test ${release} --logs --timeout 660s)`,
    );
    run.print(`Remove:  npx zx scripts/cleanup.mjs${where}`);
  },
);

/** @param {{ preset?: string | undefined, backend?: string | undefined, static: boolean, values: string[] }} flags */
function valuesFiles({ preset, backend, static: fixed, values }) {
  if (fixed && (preset || backend))
    throw new Stop('--static goes without --preset and --backend', 'change its size with --set run.totalParameters=N');
  const first = resolve(ROOT, 'values', fixed ? 'static.yaml' : `${preset ?? 'small'}-${backend ?? 'redis'}.yaml`);
  const files = [first, ...values.map((file) => resolve(file))];
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length)
    throw new Stop(`no such file: ${missing.join(', ')}`, `presets are in ${resolve(ROOT, 'values')}`);
  return files;
}

/**
 * A release whose helm was killed stays "pending" and refuses every upgrade.
 * @param {import('../dist/ops/script/frame.js').Run} run
 * @param {string[]} helm
 * @param {string} release
 */
async function requireSettled(run, helm, release) {
  const found = await run.sh({ nothrow: true })`helm ${helm} status ${release} --output json`;
  if (!found.ok) return;
  const { info, version } = /** @type {{ info: { status: string }, version: number }} */ (JSON.parse(found.stdout));
  if (!info.status.startsWith('pending') && info.status !== 'uninstalling') return;
  const remedy = version > 1 && info.status !== 'uninstalling' ? 'rollback' : 'uninstall';
  throw new Stop(
    `release ${release} is ${info.status}: another helm is at work, or was cut off`,
    `if none is at work: \`helm ${helm.join(' ')} ${remedy} ${release}\`, then deploy again`,
  );
}
