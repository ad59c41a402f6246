#!/usr/bin/env zx
/** `ttg runs` on a release's broker. */
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'runs',
    about: "Lists every run of the release's log: its state, parameters, progress, dead, age and what it computes.",
    flags: { ...CONTEXT, ...NAMESPACE, ...RELEASE, json: { type: 'boolean', help: 'as JSON' } },
    examples: ['runs.mjs -n ttg'],
  },
  (flags, script) =>
    runTtgOnRelease(releaseOf(flags), ['runs', ...(flags.json ? ['--json'] : [])], { signal: script.signal }),
);
