/** What a row of CSV is: decided for the whole file before its first row. */
import { valueText } from '../core/model/value-text.js';
import { isColumns, type Value } from '../core/model/value.js';
import type { Interval } from '../core/model/interval.js';
import type { Plan } from '../core/model/plan.js';
import type { LogEntry, ResultRecord } from '../core/wire/records.js';

export type Row = (string | number)[];

export interface Shape {
  readonly columns: readonly string[];
  /** Whether it has a row a parameter. */
  readonly ofValues: boolean;
  /**
   * @param gaps what no record before it has covered, at least one; undefined where the record has no rows of this
   *   shape
   */
  rows(record: ResultRecord, gaps: readonly Interval[]): Row[] | undefined;
}

const AGGREGATES: Shape = {
  columns: ['start_param', 'end_param', 'sum', 'min', 'max'],
  ofValues: false,
  // A record that overlaps others in part has no row: its sum is not that of the rest.
  rows: ({ start, end, summary: { sum, min, max } }, gaps) =>
    gaps[0]?.start === start && gaps[0].end === end
      ? [[start, end, sum, ...(min > max ? ['', ''] : [min, max])]]
      : undefined,
};

/** Values that are objects have a column for each of their names, all others one named `value`. */
class Values implements Shape {
  readonly ofValues = true;
  readonly columns: readonly string[];
  readonly #names: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #plain: boolean;

  constructor(names: ReadonlySet<string>, plain: boolean) {
    this.#known = names;
    this.#names = [...names].sort((a, b) => (a < b ? -1 : 1));
    this.#plain = plain;
    this.columns = ['parameter', ...(plain ? ['value'] : []), ...this.#names.map((name) => headed(name, names))];
  }

  rows({ start: first, values }: ResultRecord, gaps: readonly Interval[]): Row[] | undefined {
    if (!values) return undefined;
    const rows: Row[] = [];
    for (const { start, end } of gaps) {
      for (let parameter = start; parameter <= end; parameter++) {
        const row = this.#row(parameter, values[parameter - first] as Value);
        if (!row) return undefined;
        rows.push(row);
      }
    }
    return rows;
  }

  /** undefined where it has columns that were not there when the shape was decided: the run goes on. */
  #row(parameter: number, value: Value): Row | undefined {
    if (!isColumns(value)) return this.#plain ? [parameter, cellOf(value), ...this.#names.map(() => '')] : undefined;
    if (!Object.keys(value).every((name) => this.#known.has(name))) return undefined;
    const fields = this.#names.map((name) => (Object.hasOwn(value, name) ? cellOf(value[name] as Value) : ''));
    return [parameter, ...(this.#plain ? [''] : []), ...fields];
  }
}

/**
 * That of the plan. In static mode the plan is that of the environment in which the command runs, which may not say that
 * values were kept: there the first result record does.
 */
export async function shapeOf(records: AsyncIterable<LogEntry>, runId: string): Promise<Shape> {
  const names = new Set<string>();
  let plan: Plan | undefined;
  let plain = false;
  let first = true;
  for await (const entry of records) {
    if ('undecodable' in entry || entry.record.runId !== runId) continue;
    const { record } = entry;
    if (record.kind === 'plan') plan = record;
    if (record.kind !== 'result') continue;
    if (first && !plan?.keepValues && !record.values) return AGGREGATES;
    first = false;
    if (record.summary.other === undefined) plain = true;
    else
      for (const value of record.values ?? [])
        if (isColumns(value)) for (const name of Object.keys(value)) names.add(name);
        else plain = true;
  }
  return new Values(names, plain || names.size === 0);
}

/** A column of values may have the name of one that is always there. */
function headed(name: string, names: ReadonlySet<string>): string {
  if (name !== 'parameter' && name !== 'value') return name;
  let header = `value.${name}`;
  while (names.has(header)) header = `value.${header}`;
  return header;
}

/** As pandas and others read it: NaN, inf, -inf, nothing for null; lists and objects as JSON. */
function cellOf(value: Value): string {
  if (value === null) return '';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  return typeof value === 'object' ? valueText(value) : String(value);
}
