#!/usr/bin/env zx
/** What a release's run has computed: its aggregate and who did what, or its table, with a row for every parameter. */
import { asArguments, RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

/** Those of `ttg results`, which says what is wrong with their values. */
const OWN = /** @type {const} */ ({
  json: { type: 'boolean', help: 'the aggregate and figures as JSON' },
  csv: { type: 'boolean', help: 'every value (results.store) or every chunk as CSV, in the order of the log' },
  verbose: { type: 'boolean', help: 'every worker, not only the ten busiest' },
  format: { type: 'string', value: 'table|csv|jsonl|parquet', help: 'a table with a row for every parameter' },
  out: { type: 'string', value: 'FILE', help: 'write the table there; its name says the format' },
  where: { type: 'string', value: 'CONDITION', help: `only rows that meet it: 'alpha > 0.5 and status = "ok"'` },
  failed: { type: 'boolean', help: 'only rows that are dead or missing' },
  top: { type: 'string', value: 'N', help: 'only so many rows, with the largest values of the column --by' },
  bottom: { type: 'string', value: 'N', help: 'only so many rows, with the smallest values of it' },
  by: { type: 'string', value: 'COLUMN', help: 'the column of --top and --bottom' },
});

await runScript(
  {
    name: 'results',
    about:
      'Sum, minimum, maximum and average; wall clock, throughput, parallelism factor; chunks and parameters a ' +
      'worker. Or the table. Values that lie in S3 or on a volume are read by a pod that is made for it.',
    flags: { ...RUN, ...OWN },
    examples: [
      'results.mjs -n ttg',
      'results.mjs -n ttg --out run.parquet',
      "results.mjs -n ttg --where 'alpha > 0.5' --top 10 --by loss",
      'results.mjs -n ttg --format csv > run.csv',
    ],
  },
  async (flags, script) =>
    runTtgOnRelease(releaseOf(flags), ['results', ...asArguments(OWN, flags)], {
      signal: script.signal,
      runId: flags['run-id'],
    }),
);
