#!/usr/bin/env zx
/** Shows what a release's run has computed: aggregate, wall clock, throughput, who did what; or its table. */
import { RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'results',
    about:
      'Sum, minimum, maximum and average; wall clock, throughput, parallelism factor; chunks and parameters a worker.\n' +
      'Or the table of all parameters. Values that lie in S3 or on a volume are read by a pod that is made for it.',
    flags: {
      ...RUN,
      json: { type: 'boolean', help: 'as JSON' },
      csv: { type: 'boolean', help: 'every value (results.store) or every chunk, as CSV, as they were recorded' },
      verbose: { type: 'boolean', help: 'every worker, not only the ten busiest' },
      format: {
        type: 'string',
        choices: ['table', 'csv', 'jsonl', 'parquet'],
        help: 'a table with a row for every parameter in the order of the index',
      },
      out: { type: 'string', value: 'FILE', help: 'write the table there; its name says the format' },
      where: { type: 'string', value: 'CONDITION', help: "only rows that meet it, as in 'alpha > 0.5'" },
      failed: { type: 'boolean', help: 'only rows that are dead or missing' },
      top: { type: 'number', value: 'ROWS', help: 'only those with the largest values of the column --by' },
      bottom: { type: 'number', value: 'ROWS', help: 'only those with the smallest' },
      by: { type: 'string', value: 'COLUMN', help: 'that of --top and --bottom' },
    },
    examples: [
      'results.mjs -n ttg',
      'results.mjs -n ttg --out values.parquet',
      'results.mjs -n ttg --format table --top 3 --by loss',
    ],
  },
  async (flags, script) => {
    const args = ['results'];
    for (const name of /** @type {const} */ (['json', 'csv', 'verbose', 'failed']))
      if (flags[name]) args.push(`--${name}`);
    for (const name of /** @type {const} */ (['format', 'out', 'where', 'top', 'bottom', 'by']))
      if (flags[name] !== undefined) args.push(`--${name}`, String(flags[name]));
    return runTtgOnRelease(releaseOf(flags), args, { signal: script.signal, runId: flags['run-id'] });
  },
);
