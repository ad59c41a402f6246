#!/usr/bin/env zx
/** Shows what a release's run has computed: aggregate, wall clock, throughput, who did what; or every value as CSV. */
import { RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'results',
    about:
      'Sum, minimum, maximum and average; wall clock, throughput, parallelism factor; chunks and parameters a worker.',
    flags: {
      ...RUN,
      json: { type: 'boolean', help: 'as JSON' },
      csv: { type: 'boolean', help: 'every value (run.keepValues) or every chunk, as CSV' },
      verbose: { type: 'boolean', help: 'every worker, not only the ten busiest' },
    },
    examples: ['results.mjs -n ttg', 'results.mjs -n ttg --csv > values.csv'],
  },
  async (flags, script) => {
    const args = [
      'results',
      ...(flags.json ? ['--json'] : []),
      ...(flags.csv ? ['--csv'] : []),
      ...(flags.verbose ? ['--verbose'] : []),
    ];
    return runTtgOnRelease(releaseOf(flags), args, { signal: script.signal, runId: flags['run-id'] });
  },
);
