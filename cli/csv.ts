/** A run's results as CSV: one shape for the whole file, decided before its first row. */
import { stringify } from 'csv-stringify/sync';
import { describeIntervals, IntervalSet } from '../core/model/interval.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Output } from '../core/runtime/output.js';
import type { LogEntry } from '../core/wire/records.js';
import { shapeOf, type Row } from './csv-shape.js';

/** Rows of small records go out together: a call for each takes longer than the row. */
const ROWS_AT_ONCE = 500;

/**
 * In the order of the log; what comes a second time is left out, as in the aggregate. Numbers are written in the
 * shortest form that reads back as the same number.
 * @param records from the first on, each time it is called
 * @returns the exit status: 1 where the file lacks results that the log has
 */
export async function writeCsv(
  records: () => AsyncIterable<LogEntry>,
  runId: string,
  out: Output,
  log: Logger,
): Promise<number> {
  const covered = new IntervalSet();
  const left = new IntervalSet();
  const shape = await shapeOf(records(), runId);
  let header = true;
  let waiting: Row[] = [];
  const print = async (): Promise<boolean> => {
    const text = stringify(waiting, { header, columns: [...shape.columns] });
    header = false;
    waiting = [];
    return out.print(text);
  };
  for await (const entry of records()) {
    if ('undecodable' in entry || entry.record.runId !== runId) continue;
    const { record } = entry;
    if (record.kind !== 'result') continue;
    const gaps = covered.gaps(record);
    if (gaps.length === 0) continue;
    const rows = shape.rows(record, gaps);
    if (!rows) {
      for (const gap of gaps) left.add(gap);
      continue;
    }
    covered.add(record);
    for (const row of rows) waiting.push(row);
    if (waiting.length >= ROWS_AT_ONCE && !(await print())) return 0;
  }
  if (waiting.length > 0 && !(await print())) return 0;
  // A later record may have covered what an earlier one could not give.
  const lacking = left.intervals().flatMap((gap) => covered.gaps(gap));
  if (lacking.length === 0) return 0;
  log.error(
    { parameters: describeIntervals(lacking) },
    shape.ofValues
      ? 'these parameters have no rows: their results are without values, which the run did not keep then (compute them as a run of their own with RESULTS_STORE=log), or came with new columns while this was written (try again)'
      : 'these parameters have results only in records that overlap others in part: they have no rows. See `ttg verify`',
  );
  return 1;
}
