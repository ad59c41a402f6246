#!/usr/bin/env zx
/** `ttg resume` on a release's run. */
import { RUN } from '../dist/ops/script/args.js';
import { connect } from '../dist/ops/cluster/kube.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'resume',
    about: 'Ends the halt of a run that was cancelled or used up its failure budget; what it lacks is published.',
    flags: RUN,
    examples: ['resume.mjs -n ttg --run-id run-1'],
  },
  async (flags, run) => {
    const where = { kube: connect(flags), namespace: flags.namespace, release: flags.release };
    return runTtgOnRelease(where, ['resume'], { signal: run.signal, runId: flags['run-id'] });
  },
);
