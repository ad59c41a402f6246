/**
 * A run's results as a table: a row for every parameter of the plan in the order of the index, whatever the order of
 * the log. Rows are made one by one, so that ten million of them cost no memory.
 */
import { readLedger, type Ledger } from '../ledger/ledger.js';
import { firstIndex, type Interval } from '../model/interval.js';
import type { FetchValues } from '../store/read-values.js';
import type { Parameters } from '../model/sweep.js';
import type { Value } from '../model/value.js';
import type { LogEntry, PlanRecord } from '../wire/records.js';
import { ATTEMPTS, distinctNames, ERROR, INDEX, STATUS, TypeOfColumn, type Column } from './columns.js';
import { Spool } from './spool.js';
import { ValueColumns } from './value-columns.js';

/** Values in the order of the table's columns. */
export type Row = readonly Value[];

export interface Table extends Disposable {
  readonly columns: readonly Column[];
  readonly ledger: Ledger;
  /** Whether some results lack their values: the run did not keep them. */
  readonly lacksValues: boolean;
  rows(): Iterable<Row>;
  /** Undefined while nothing was seeded, and for a plan whose parameters are only indexes. */
  readonly parameters: ParameterColumns | undefined;
  /** What became of single parameters, in any order. */
  outcomes(): (index: number) => Outcome;
}

export type Outcome =
  | { readonly status: 'ok'; readonly value: Value | undefined }
  | { readonly status: 'dead'; readonly error: string }
  | { readonly status: 'missing' };

/** The parameters of a plan by index; without columns where a parameter is only its index. */
export type ParameterColumns = Pick<Parameters, 'columns' | 'at' | 'standIns'>;

type Segment = Interval &
  (
    | { readonly status: 'ok'; readonly attempts: number; readonly values: readonly Value[] | undefined }
    | { readonly status: 'dead'; readonly attempts: number; readonly error: string }
    | { readonly status: 'missing' }
  );

/**
 * Reads the log once, and a second time only where records came twice.
 * @param parametersOf what the parameters of this plan are
 * @param fetchValues of records that do not carry them
 */
export async function readTable(
  records: () => AsyncIterable<LogEntry>,
  runId: string,
  parametersOf: (plan: PlanRecord) => Promise<ParameterColumns | undefined>,
  fetchValues?: FetchValues,
): Promise<Table> {
  const seen = new ValueColumns();
  const spool = new Spool((values, start) => seen.see(values, start));
  try {
    const ledger = await readLedger(records, runId, spool);
    await spool.fetch(fetchValues);
    const parameters = ledger.plan && (await parametersOf(ledger.plan));
    return new RunTable(ledger, spool, seen, parameters);
  } catch (thrown) {
    spool[Symbol.dispose]();
    throw thrown;
  }
}

class RunTable implements Table {
  readonly columns: readonly Column[];
  readonly ledger: Ledger;
  readonly #spool: Spool;
  readonly parameters: ParameterColumns | undefined;
  readonly #ofValue: readonly ((value: Value) => Value)[];

  constructor(ledger: Ledger, spool: Spool, seen: ValueColumns, parameters: ParameterColumns | undefined) {
    this.ledger = ledger;
    this.#spool = spool;
    this.parameters = parameters;
    const ofValue = seen.list();
    this.#ofValue = ofValue.map(({ of }) => of);
    const own = parameters ? columnsOf(parameters) : [];
    const names = distinctNames(
      own.map(({ name }) => name),
      ofValue.map(({ column }) => column.name),
    );
    this.columns = [
      INDEX,
      ...own.map(({ type }, i) => ({ name: names.parameter[i] as string, type })),
      STATUS,
      ATTEMPTS,
      ...ofValue.map(({ column: { type } }, i) => ({ name: names.value[i] as string, type })),
      ERROR,
    ];
  }

  get lacksValues(): boolean {
    return this.#spool.lacksValues;
  }

  *rows(): Generator<Row> {
    const names = this.parameters?.columns ?? [];
    for (const segment of this.#segments()) {
      const { start, end, status } = segment;
      const attempts = status === 'missing' ? null : segment.attempts;
      const error = status === 'dead' ? segment.error : null;
      for (let index = start; index <= end; index++) {
        const row: Value[] = [index];
        if (names.length > 0) {
          const parameter = this.parameters?.at(index);
          for (const name of names) row.push(parameter?.[name] ?? null);
        }
        row.push(status, attempts);
        const value = status === 'ok' ? segment.values?.[index - start] : undefined;
        for (const of of this.#ofValue) row.push(value === undefined ? null : of(value));
        row.push(error);
        yield row;
      }
    }
  }

  outcomes(): (index: number) => Outcome {
    const read = this.#spool.reader();
    const dead = this.ledger.deadRecords();
    return (index) => {
      const found = read(index);
      if (found) return { status: 'ok', value: found.value };
      const after = firstIndex(dead, ({ start }) => start > index) - 1;
      const record = dead[after];
      return record && record.end >= index ? { status: 'dead', error: record.error } : { status: 'missing' };
    };
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]();
  }

  /** Every parameter of the plan once, ascending. */
  *#segments(): Generator<Segment> {
    const total = this.ledger.plan?.totalParameters ?? 0;
    const dead = this.ledger.deadRecords();
    let at = 0;
    for (const { start, end, attempt, values } of this.#spool.pieces()) {
      if (start > at) yield* withoutResult({ start: at, end: start - 1 }, dead);
      yield { start, end, status: 'ok', attempts: attempt, values };
      at = end + 1;
    }
    if (at < total) yield* withoutResult({ start: at, end: total - 1 }, dead);
  }
}

/** A gap between results: what is dead in it, and what is missing. */
function* withoutResult(
  gap: Interval,
  dead: readonly (Interval & { readonly attempts: number; readonly error: string })[],
): Generator<Segment> {
  let at = gap.start;
  for (const { start, end, attempts, error } of dead) {
    if (end < at) continue;
    if (start > gap.end) break;
    if (start > at) yield { start: at, end: start - 1, status: 'missing' };
    const first = Math.max(start, at);
    const last = Math.min(end, gap.end);
    yield { start: first, end: last, status: 'dead', attempts, error };
    at = last + 1;
  }
  if (at <= gap.end) yield { start: at, end: gap.end, status: 'missing' };
}

function columnsOf({ columns, standIns }: ParameterColumns): Column[] {
  const types = columns.map(() => new TypeOfColumn());
  for (const row of standIns()) for (const [i, name] of columns.entries()) types[i]?.see(row[name] ?? null);
  return columns.map((name, i) => ({ name, type: types[i]?.type() ?? 'text' }));
}
