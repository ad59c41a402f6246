#!/usr/bin/env zx
/** `ttg resume` on a release's run. */
import { RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'resume',
    about: 'Ends the halt of a run that was cancelled or used up its failure budget; what it lacks is published.',
    flags: RUN,
    examples: ['resume.mjs -n ttg --run-id run-1'],
  },
  (flags, run) => runTtgOnRelease(releaseOf(flags), ['resume'], { signal: run.signal, runId: flags['run-id'] }),
);
