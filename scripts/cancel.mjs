#!/usr/bin/env zx
/** `ttg cancel` on a release's run. */
import { RUN } from './lib/args.mjs';
import { connect } from './lib/kube.mjs';
import { runScript } from './lib/steps.mjs';
import { runTtgOnRelease } from './lib/ttg.mjs';

await runScript(
  {
    name: 'cancel',
    about: 'Gives a run up: its chunks leave the queue, workers drop theirs, the verdict says "cancelled".',
    flags: RUN,
    examples: ['cancel.mjs -n ttg --run-id run-1'],
  },
  async (flags, run) => {
    const where = { kube: connect(flags), namespace: flags.namespace, release: flags.release };
    return runTtgOnRelease(where, ['cancel'], { signal: run.signal, runId: flags['run-id'] });
  },
);
