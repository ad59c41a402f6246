#!/usr/bin/env node
/** A release of the chart, up to the moment when its run is seeded. */
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { ensureNamespace, helmTarget, requireSettled, upgrade, valuesFiles } from '../dist/ops/cluster/deploy.js';
import { connect } from '../dist/ops/cluster/kube.js';
import { waitRollout } from '../dist/ops/cluster/rollout.js';
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
  async (flags, script) => {
    const { release, namespace } = flags;
    const files = valuesFiles(flags);
    await requireTools(script, ['helm']);
    const kube = connect(flags);
    script.print(`Release ${release} in namespace ${namespace} of ${kube.context}, from ${files.join(', ')}`);

    const where = { kube, namespace, release };
    await ensureNamespace(script, where);
    await requireSettled(script, where);
    await script.step(`helm upgrade --install ${release}`, () =>
      upgrade(where, [
        '--install',
        ...files.flatMap((file) => ['--values', file]),
        ...(flags['run-id'] ? ['--set-string', `run.id=${flags['run-id']}`] : []),
        ...(flags.version ? ['--set-string', `image.tag=${flags.version}`] : []),
        ...flags.set.flatMap((pair) => ['--set', pair]),
      ]),
    );
    script.onInterrupt(`the release ${release} stays and goes on; to remove it: npx zx scripts/cleanup.mjs`);
    await waitRollout(script, where, flags.timeout);

    const target = [
      ...(release === 'ttg' ? [] : [`--release ${release}`]),
      ...(namespace === 'default' ? [] : [`--namespace ${namespace}`]),
      ...(flags.context ? [`--context ${flags.context}`] : flags.name === 'ttg' ? [] : [`--name ${flags.name}`]),
    ]
      .map((word) => ` ${word}`)
      .join('');
    script.print(`Watch:   npx zx scripts/status.mjs --watch 2${target}`);
    script.print(`Results: npx zx scripts/results.mjs${target}`);
    script.print(
      `Verify:  npx zx scripts/verify.mjs${target}   (or: helm ${helmTarget(where).join(' ')} test ${release} --logs --timeout 660s)`,
    );
    script.print(`Remove:  npx zx scripts/cleanup.mjs${target}`);
  },
);
