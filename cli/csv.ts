/** A run's results as CSV: one shape for the whole file, decided before its first row. */
import { stringify } from 'csv-stringify/sync';
import { describeIntervals, IntervalSet, type Interval } from '../core/model/interval.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Output } from '../core/runtime/output.js';
import type { Plan } from '../core/model/plan.js';
import type { LogEntry, ResultRecord } from '../core/wire/records.js';

type Row = (string | number)[];

/** Rows of small records go out together: a call for each takes longer than the row. */
const ROWS_AT_ONCE = 500;

interface Shape {
  readonly columns: readonly string[];
  /**
   * @param gaps what no record before it has covered, at least one; undefined where the record has no rows of this
   *   shape
   */
  rows(record: ResultRecord, gaps: readonly Interval[]): Row[] | undefined;
}

const VALUES: Shape = {
  columns: ['parameter', 'value'],
  rows: ({ start: first, values }, gaps) =>
    values &&
    gaps.flatMap(({ start, end }) =>
      values.slice(start - first, end - first + 1).map((value, i): Row => [start + i, value]),
    ),
};

const AGGREGATES: Shape = {
  columns: ['start_param', 'end_param', 'sum', 'min', 'max'],
  // A record that overlaps others in part has no row: its sum is not that of the rest.
  rows: ({ start, end, summary }, gaps) =>
    gaps[0]?.start === start && gaps[0].end === end ? [[start, end, summary.sum, summary.min, summary.max]] : undefined,
};

/**
 * One shape for the whole file: that of the plan. In static mode the plan is that of the environment in which the
 * command runs, which may not say that values were kept: there the first result record does.
 */
export function csvShape(plan: Pick<Plan, 'keepValues'> | undefined, first: ResultRecord): Shape {
  return plan?.keepValues || first.values ? VALUES : AGGREGATES;
}

/**
 * In the order of the log; what comes a second time is left out, as in the aggregate. Numbers are written in the
 * shortest form that reads back as the same number.
 * @returns the exit status: 1 where the file lacks results that the log has
 */
export async function writeCsv(
  records: AsyncIterable<LogEntry>,
  runId: string,
  out: Output,
  log: Logger,
): Promise<number> {
  const covered = new IntervalSet();
  const left = new IntervalSet();
  let shape: Shape | undefined;
  let plan: Plan | undefined;
  let header = true;
  let waiting: Row[] = [];
  const print = async (): Promise<boolean> => {
    const text = shape ? stringify(waiting, { header, columns: [...shape.columns] }) : '';
    header = false;
    waiting = [];
    return out.print(text);
  };
  for await (const entry of records) {
    if ('undecodable' in entry || entry.record.runId !== runId) continue;
    const { record } = entry;
    if (record.kind === 'plan') plan = record;
    if (record.kind !== 'result') continue;
    const gaps = covered.gaps(record);
    if (gaps.length === 0) continue;
    shape ??= csvShape(plan, record);
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
    shape === VALUES
      ? 'these parameters have results without their values, which the run did not keep then: they have no rows. Compute them as a run of their own with KEEP_VALUES=true'
      : 'these parameters have results only in records that overlap others in part: they have no rows. See `ttg verify`',
  );
  return 1;
}
