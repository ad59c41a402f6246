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
  const names = columns.map(({ name }) => name);
  const line = (row: Row): string => jsonText(Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])));
  for (const some of groupsOf(rows, ROWS_AT_ONCE)) if (!(await out.print(`${some.map(line).join('\n')}\n`))) return;
};

export function cell(value: Value): string {
  if (value === null) return '';
  return typeof value === 'object' ? jsonText(value) : String(value);
}

/** JSON, in which NaN and infinities are texts. */
export function jsonText(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
  );
}
