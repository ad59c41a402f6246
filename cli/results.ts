/** `ttg results`: the run's aggregate and figures, or its table: a row for every parameter. */
import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { readLedger } from '../core/ledger/ledger.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { makeReport } from '../core/ledger/report.js';
import { sweepOfPlan } from '../core/sweep/read.js';
import { Stores } from '../core/store/open.js';
import { fetchingFrom, withValues } from '../core/store/read-values.js';
import type { LogEntry } from '../core/wire/records.js';
import { readTable, type Row } from '../core/table/table.js';
import { jsonOption, logsOption, numberOf, run, runArgument, runIdOption, withRun } from './command.js';
import { writeCsv } from './csv.js';
import { openSource } from './source.js';
import { FORMATS, select, writeTable, type Format, type Selection } from './table/export.js';
import { reportText } from './text.js';

interface Options extends Selection {
  readonly runId?: string;
  readonly logs?: string;
  readonly json?: true;
  readonly csv?: true;
  readonly verbose?: true;
  readonly format?: Format;
  readonly out?: string;
}

const OTHERS = ['json', 'csv', 'verbose'];

/** What a file's name says of its format. */
const BY_NAME: Readonly<Record<string, Format>> = {
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.txt': 'table',
};

export function resultsCommand(): Command {
  const count = numberOf('a whole number of rows', 1, 10_000_000);
  return new Command('results')
    .description("shows the run's aggregate, its throughput and who did what; or a table with a row a parameter")
    .addArgument(runArgument())
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
    .addOption(
      new Option(
        '--format <format>',
        'a table with a row for every parameter in the order of the index: its columns, its status (ok, dead, ' +
          "missing), attempts, the value's columns, and the error of what is dead",
      )
        .choices(FORMATS)
        .conflicts(OTHERS),
    )
    .addOption(new Option('--out <file>', 'write the table there; its name says the format').conflicts(OTHERS))
    .addOption(
      new Option('--where <condition>', `only rows that meet it, as in 'alpha > 0.5 and status = "ok"'`).conflicts(
        OTHERS,
      ),
    )
    .addOption(new Option('--failed', 'only rows that are dead or missing').conflicts(OTHERS))
    .addOption(
      new Option('--top <rows>', 'only so many rows, with the largest values of the column that --by names')
        .argParser(count)
        .conflicts([...OTHERS, 'bottom']),
    )
    .addOption(
      new Option('--bottom <rows>', 'only so many rows, with the smallest values of it')
        .argParser(count)
        .conflicts(OTHERS),
    )
    .addOption(new Option('--by <column>', 'the column of --top and --bottom').conflicts(OTHERS))
    .action((runId: string | undefined, options: Options) => {
      run(withRun(runId, options), (program) => results(program, options));
    });
}

async function results(program: Program, options: Options): Promise<number> {
  const { config, out, log, stop } = program;
  const { logs, json, csv, verbose } = options;
  const format = formatOf(options);
  await using source = await openSource(program, logs);
  // Without this await the source would be disposed of before it is read.
  const fetchValues = fetchingFrom(new Stores(config, { stop }));
  const whole = (): AsyncIterable<LogEntry> => withValues(source.records(), config.RUN_ID, fetchValues);
  if (csv) return await writeCsv(whole, config.RUN_ID, out, log);
  if (format === undefined) {
    const report = makeReport(await readLedger(() => source.records(), config.RUN_ID));
    await out.print(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, verbose ?? false));
    return 0;
  }
  using table = await readTable(
    () => source.records(),
    config.RUN_ID,
    async (plan) => (await sweepOfPlan(plan))?.parameters,
    fetchValues,
  );
  if (!table.ledger.plan) throw new ConfigError(`run ${config.RUN_ID} is not in this log: name another one`);
  const rows = new Counted(select(table, options));
  await writeTable(rows, table.columns, { format, path: options.out, out });
  if (rows.count === 0) process.stderr.write(`no rows: ${whyNone(options)}\n`);
  if (table.lacksValues)
    log.warn(
      'results lack their values, which the run did not keep: seed it with results.store: log (RESULTS_STORE=log)',
    );
  return 0;
}

class Counted implements Iterable<Row> {
  readonly #rows: Iterable<Row>;
  count = 0;

  constructor(rows: Iterable<Row>) {
    this.#rows = rows;
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const row of this.#rows) {
      this.count++;
      yield row;
    }
  }
}

/** Of a run that has parameters, since every plan has. */
function whyNone({ where, failed, by }: Options): string {
  const which = [...(failed ? ['is dead or missing'] : []), ...(where === undefined ? [] : [`meets ${where}`])];
  if (by === undefined) return `no parameter ${which.join(' and ')}`;
  return (
    `no parameter ${which.length > 0 ? `that ${which.join(' and ')} ` : ''}has a value in column ${by} (NaN ` +
    'has no order)'
  );
}

/** undefined: no table is asked for. @throws ConfigError where options go without what they belong to */
function formatOf({ format, out, where, failed, top, bottom, by }: Options): Format | undefined {
  const extremes = top ?? bottom;
  if ((extremes === undefined) !== (by === undefined))
    throw new ConfigError('--by COLUMN goes with --top N or --bottom N: give both');
  if (format === 'parquet' && out === undefined && process.stdout.isTTY)
    throw new ConfigError('--format parquet is no text for a terminal: name a file by --out FILE, or by > FILE');
  if (format) return format;
  if (out !== undefined) {
    const byName = BY_NAME[extname(out).toLowerCase()];
    if (byName) return byName;
    throw new ConfigError(`--out ${out}: its name says no format. Add --format ${FORMATS.join('|')}`);
  }
  return where !== undefined || failed || extremes !== undefined ? 'table' : undefined;
}
