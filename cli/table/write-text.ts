/** Rows as text for programs: CSV, or JSON lines. */
import { stringify } from 'csv-stringify/sync';
import { groupsOf } from '../../core/runtime/groups.js';
import type { Output } from '../../core/runtime/output.js';
import type { Value } from '../../core/model/value.js';
import type { Column } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';

/** Rows go out together: a call for each takes longer than the row. */
export const ROWS_AT_ONCE = 1000;

/** @returns once all is written, or nobody reads any more */
export type WriteRows = (rows: Iterable<Row>, columns: readonly Column[], out: Pick<Output, 'print'>) => Promise<void>;

/** Numbers in the shortest form that reads back as the same; null as nothing; NaN and infinities by their names. */
export const writeCsvRows: WriteRows = async (rows, columns, out) => {
  const header = stringify([columns.map(({ name }) => name)]);
  if (!(await out.print(header))) return;
  for (const some of groupsOf(rows, ROWS_AT_ONCE))
    if (!(await out.print(stringify(some.map((row) => row.map(cell)))))) return;
};

/** One object a row. NaN and infinities, which JSON lacks, are texts: "NaN", "Infinity", "-Infinity". */
export const writeJsonLines: WriteRows = async (rows, columns, out) => {
  const names = columns.map(({ name }) => JSON.stringify(name));
  const line = (row: Row): string => `{${names.map((name, i) => `${name}:${jsonCell(row[i] ?? null)}`).join(',')}}`;
  for (const some of groupsOf(rows, ROWS_AT_ONCE)) if (!(await out.print(`${some.map(line).join('\n')}\n`))) return;
};

export function cell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return numberText(value);
  return typeof value === 'object' ? jsonText(value) : String(value);
}

const jsonCell = (value: Value): string =>
  typeof value === 'number' && Number.isFinite(value) ? numberText(value) : jsonText(value);

/** From here on doubles are written with an exponent, which no reader takes for an integer. */
const EXPONENT = 1e21;

/**
 * The shortest text that reads back as the same double; of an integer beyond 2^53 all its digits, since many readers keep
 * integers whole, and the shortest ends in zeros that it does not have.
 */
function numberText(value: number): string {
  const isLong = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < EXPONENT;
  return isLong ? String(BigInt(value)) : String(value);
}

/** JSON, in which NaN and infinities are texts. */
export function jsonText(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
  );
}
