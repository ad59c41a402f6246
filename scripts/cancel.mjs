#!/usr/bin/env zx
/** `ttg cancel` on a release's run. */
import { RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'cancel',
    about: 'Gives a run up: its chunks leave the queue, workers drop theirs, the verdict says "cancelled".',
    flags: RUN,
    examples: ['cancel.mjs -n ttg --run-id run-1'],
  },
  (flags, run) => runTtgOnRelease(releaseOf(flags), ['cancel'], { signal: run.signal, runId: flags['run-id'] }),
);
