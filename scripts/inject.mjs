#!/usr/bin/env zx
/** A fault by name, injected into a release that is at work, and healed again. */
import { readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { RUN } from '../dist/ops/script/args.js';
import { CLUSTER_FAULTS } from '../dist/faults/catalogue.js';
import { attachClusterStage } from '../dist/faults/cluster/stage.js';
import { injectFault } from '../dist/faults/experiment.js';
import { connect } from '../dist/ops/cluster/kube.js';
import { runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';

/** The others need a run that is made for them. */
const INJECTABLE = Object.keys(CLUSTER_FAULTS).filter((name) => {
  const fault = CLUSTER_FAULTS[name];
  return fault?.when === 'draining' && !fault.prepare && !fault.poison;
});

await runScript(
  {
    name: 'inject',
    about: [
      'Injects a fault into a running release, waits until it is seen to have taken hold, and heals it. The record of it goes to',
      'standard output, and with --record into a file for `verify.mjs --faults`. Then verify the run: nothing may be lost.',
      '',
      `NAME: ${INJECTABLE.join(', ')}.`,
      'Faults of the seeding, at commit points and of parameters need a run of their own: demo.mjs --fault NAME.',
    ].join('\n'),
    flags: {
      ...RUN,
      fault: { type: 'string', value: 'NAME', short: 'f', help: 'which one; also as the first word without the flag' },
      seed: { type: 'number', value: 'N', default: 1, help: 'of its schedule: whom it hits' },
      deadline: {
        type: 'number',
        value: 'SECONDS',
        default: 180,
        help: 'how long anything that is waited for may take',
      },
      record: { type: 'string', value: 'FILE', help: 'JSON list of injected faults, to which this one is added' },
    },
    positional: 'fault',
    examples: [
      'inject.mjs worker-kill -n ttg',
      'inject.mjs node-drain --seed 7 --record faults.json',
      'verify.mjs --wait --certificate run.json --faults faults.json',
    ],
  },
  async (flags, script) => {
    const name = flags.fault ?? '';
    const fault = CLUSTER_FAULTS[name];
    if (!fault) throw new Stop(name ? `no such fault: ${name}` : 'which fault?', `one of ${INJECTABLE.join(', ')}`);
    if (!INJECTABLE.includes(name))
      throw new Stop(
        `${name} cannot be injected into a run that is under way`,
        `it makes a run of its own: npx zx scripts/demo.mjs --fault ${name}`,
      );
    const kube = connect(flags);
    const place = {
      kube,
      cluster: kube.context.startsWith('kind-') ? kube.context.slice('kind-'.length) : '',
      namespace: flags.namespace,
      release: flags.release,
    };
    const stage = await script.step('connecting to the release', () =>
      attachClusterStage(place, { runId: flags['run-id'], deadlineSeconds: flags.deadline }, script.signal),
    );
    try {
      const { ledger } = await stage.read();
      if (ledger.plan && ledger.missing().length === 0)
        throw new Stop(
          `run ${ledger.runId} is finished: there is nothing left to disturb`,
          'start another run, or extend this one: README, "Run again, resume, extend"',
        );
      const { injection } = await script.step(name, (say) =>
        injectFault(name, fault, stage, { seed: flags.seed, say, running: true }),
      );
      script.print(JSON.stringify(injection));
      if (flags.record !== undefined) await addTo(flags.record, injection);
    } finally {
      await stage.close(false);
    }
  },
);

/** @param {string} file @param {import('../dist/faults/types.js').Injection} injection */
async function addTo(file, injection) {
  /** @type {unknown} */
  const before = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
  if (!Array.isArray(before)) throw new Stop(`${file} holds no list of faults`, 'name another file');
  await writeFile(file, `${JSON.stringify([...before, injection], null, 2)}\n`);
}
