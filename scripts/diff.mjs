#!/usr/bin/env zx
/** `ttg diff` on two runs of a release's log. */
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'diff',
    about: 'Shows what differs between two runs: their plans, then the parameters whose values differ.',
    flags: {
      ...CONTEXT,
      ...NAMESPACE,
      ...RELEASE,
      run: { type: 'string', value: 'ID', multiple: true, help: 'one of the two runs: give both' },
      json: { type: 'boolean', help: 'as JSON' },
      out: { type: 'string', value: 'FILE', help: 'every difference as a line of JSON, not only the first 20' },
    },
    examples: ['diff.mjs -n ttg --run run-1 --run run-2'],
  },
  (flags, script) => {
    if (flags.run.length !== 2) throw new Stop(`${flags.run.length} runs are named, not two`, 'give --run ID --run ID');
    const args = ['diff', ...flags.run, ...(flags.json ? ['--json'] : []), ...(flags.out ? ['--out', flags.out] : [])];
    return runTtgOnRelease(releaseOf(flags), args, { signal: script.signal });
  },
);
