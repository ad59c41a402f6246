#!/usr/bin/env zx
/** `ttg cancel` on a release's run. */
import { RUN } from '../dist/ops/script/args.js';
import { connect } from '../dist/ops/cluster/kube.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

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
