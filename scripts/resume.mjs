#!/usr/bin/env zx
/** `ttg resume` on a release's run, and the end of its pause. */
import { RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { resumeRelease } from '../dist/ops/cluster/pause.js';

await runScript(
  {
    name: 'resume',
    about:
      'Takes back a pause, and ends the halt of a run that was cancelled or used up its failure budget; what it lacks is published.',
    flags: RUN,
    examples: ['resume.mjs -n ttg --run-id run-1'],
  },
  (flags, run) =>
    resumeRelease(releaseOf(flags), { signal: run.signal, runId: flags['run-id'], print: (line) => run.print(line) }),
);
