/** Rows as text: CSV, JSON lines, or columns for the eye. */
import { stringify } from 'csv-stringify/sync';
import { groupsOf } from '../../core/runtime/groups.js';
import type { Output } from '../../core/runtime/output.js';
import type { Value } from '../../core/model/value.js';
import type { Column } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';

/** Rows go out together: a call for each takes longer than the row. */
const ROWS_AT_ONCE = 1000;

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

/** The first rows say how wide the columns are; what is wider later pushes its line. */
export const writeColumns: WriteRows = async (rows, columns, out) => {
  let widths: number[] | undefined;
  for (const some of groupsOf(rows, ROWS_AT_ONCE)) {
    const texts = some.map((row) => row.map((value) => cell(value).replace(/\s+/g, ' ')));
    const isFirst = widths === undefined;
    widths ??= columns.map(({ name }, i) => Math.max(name.length, ...texts.map((text) => (text[i] ?? '').length)));
    const line = (text: readonly string[]): string =>
      text
        .map((part, i) => (isNumeric(columns[i]) ? part.padStart(widths?.[i] ?? 0) : part.padEnd(widths?.[i] ?? 0)))
        .join('  ')
        .trimEnd();
    const lines = isFirst ? [line(columns.map(({ name }) => name)), ...texts.map(line)] : texts.map(line);
    if (!(await out.print(`${lines.join('\n')}\n`))) return;
  }
  if (widths === undefined) await out.print(`${columns.map(({ name }) => name).join('  ')}\n`);
};

function isNumeric(column: Column | undefined): boolean {
  return column?.type === 'integer' || column?.type === 'double';
}

function cell(value: Value): string {
  if (value === null) return '';
  return typeof value === 'object' ? jsonText(value) : String(value);
}

/** JSON, in which NaN and infinities are texts. */
export function jsonText(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
  );
}
