/** `ttg results`: the run's aggregate and figures, or its values as CSV. */
import { Command, Option } from 'commander';
import { readLedger } from '../core/ledger/ledger.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { makeReport } from '../core/ledger/report.js';
import { jsonOption, logsOption, run, runIdOption } from './command.js';
import { writeCsv } from './csv.js';
import { openSource } from './source.js';
import { reportText } from './text.js';

interface Options {
  readonly runId?: string;
  readonly logs?: string;
  readonly json?: true;
  readonly csv?: true;
  readonly verbose?: true;
}

export function resultsCommand(): Command {
  return new Command('results')
    .description("shows the run's aggregate, its throughput and who did what; or its values as CSV")
    .addOption(runIdOption())
    .addOption(logsOption())
    .addOption(jsonOption('as JSON'))
    .addOption(
      new Option(
        '--csv',
        'a header, then one row a parameter if the run keeps its values (RESULTS_STORE; chart: results.store), ' +
          'else one row a chunk; in the order in which they were recorded',
      ).conflicts(['json', 'verbose']),
    )
    .option('--verbose', 'every worker, not only the ten that did most')
    .action((options: Options) => run(options, (program) => results(program, options)));
}

async function results(program: Program, { logs, json, csv, verbose }: Options): Promise<number> {
  const { config, out, log } = program;
  await using source = await openSource(program, logs);
  // Without this await the source would be disposed of before it is read.
  if (csv) return await writeCsv(() => source.records(), config.RUN_ID, out, log);
  const report = makeReport(await readLedger(() => source.records(), config.RUN_ID));
  await out.print(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, verbose ?? false));
  return 0;
}
