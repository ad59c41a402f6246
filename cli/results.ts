/** `ttg results`: the run's aggregate and figures, or each record's values as CSV. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { IntervalSet } from '../core/model/interval.js';
import { readLedger } from '../core/ledger/ledger.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { makeReport } from '../core/ledger/report.js';
import { openSource, type Source } from './source.js';
import { reportText } from './text.js';

export const usage = `ttg results [--json] [--verbose] [--csv] [--logs DIRECTORY]
  --csv   one line a parameter if the run keeps its values (KEEP_VALUES; chart: run.keepValues), else one a chunk`;

export async function results(context: Context, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    strict: true,
    options: {
      json: { type: 'boolean' },
      verbose: { type: 'boolean' },
      csv: { type: 'boolean' },
      logs: { type: 'string' },
    },
  });
  await using source = await openSource(context, values.logs);
  if (values.csv) {
    await writeCsv(source, context.config.RUN_ID);
    return 0;
  }
  const report = makeReport(await readLedger(() => source.records(), context.config.RUN_ID));
  process.stdout.write(
    values.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, values.verbose ?? false),
  );
  return 0;
}

/** In the order of the log; what comes a second time is left out, as in the aggregate. */
async function writeCsv(source: Source, runId: string): Promise<void> {
  const covered = new IntervalSet();
  let header = true;
  for await (const entry of source.records()) {
    if ('undecodable' in entry || entry.record.kind !== 'result' || entry.record.runId !== runId) continue;
    const { record } = entry;
    const gaps = covered.gaps(record);
    // Without its values a record that overlaps others in part has no line: its sums are not those of the rest.
    if (gaps.length === 0 || (!record.values && covered.overlap(record) > 0)) continue;
    covered.add(record);
    const { values } = record;
    const rows = values
      ? gaps.flatMap(({ start, end }) =>
          values.slice(start - record.start, end - record.start + 1).map((value, i) => `${start + i},${value}`),
        )
      : [`${record.start},${record.end},${record.summary.sum},${record.summary.min},${record.summary.max}`];
    if (header) rows.unshift(values ? 'parameter,value' : 'start_param,end_param,sum,min,max');
    header = false;
    if (!process.stdout.write(`${rows.join('\n')}\n`)) await once(process.stdout, 'drain');
  }
}
