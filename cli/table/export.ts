/** `ttg results --format`: a run's table, filtered and written in the form that was asked for. */
import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { ConfigError } from '../../core/runtime/errors.js';
import { refusedPlace } from '../../core/runtime/folders.js';
import { Output } from '../../core/runtime/output.js';
import { STATUS, type Column } from '../../core/table/columns.js';
import type { Row, Table } from '../../core/table/table.js';
import { extremes } from './top.js';
import { columnsWriter, terminalOf } from './write-columns.js';
import { conditionOf, namesOf } from './where.js';
import { writeCsvRows, writeJsonLines, type WriteRows } from './write-text.js';

export const FORMATS = ['table', 'csv', 'jsonl', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

export interface Selection {
  readonly where?: string;
  readonly failed?: true;
  readonly top?: number;
  readonly bottom?: number;
  readonly by?: string;
}

const WRITERS: Readonly<Record<Format, (path: string | undefined) => Promise<WriteRows>>> = {
  table: (path) => Promise.resolve(columnsWriter(path === undefined ? terminalOf(process.stdout) : undefined)),
  csv: () => Promise.resolve(writeCsvRows),
  jsonl: () => Promise.resolve(writeJsonLines),
  // Its library takes time to load.
  parquet: async () => (await import('./write-parquet.js')).writeParquet,
};

/** @throws ConfigError where the selection names what the table does not have */
export function select(table: Pick<Table, 'columns' | 'rows'>, selection: Selection): Iterable<Row> {
  const { where, failed, top, bottom, by } = selection;
  const condition = where === undefined ? undefined : conditionOf(where, table.columns);
  const status = table.columns.findIndex(({ name }) => name === STATUS.name);
  const at = by === undefined ? -1 : columnOf(by, table.columns);
  const chosen = filtered(table, (row) => (!failed || row[status] !== 'ok') && (!condition || condition(row)));
  if (top === undefined && bottom === undefined) return chosen;
  return extremes(chosen, at, top ?? bottom ?? 0, top === undefined ? 'smallest' : 'largest');
}

/**
 * Writes to a file under another name first, so that a file by this name is always whole.
 * @param path undefined: standard output
 * @throws ConfigError where it cannot be written
 */
export async function writeTable(
  rows: Iterable<Row>,
  columns: readonly Column[],
  { format, path, out }: { readonly format: Format; readonly path: string | undefined; readonly out: Output },
): Promise<void> {
  const write = await WRITERS[format](path);
  if (path === undefined) return write(rows, columns, out);
  // What is no file, as a pipe or a device, cannot be replaced by one.
  const partial = (statSync(path, { throwIfNoEntry: false })?.isFile() ?? true) ? `${path}.partial` : path;
  try {
    const file = createWriteStream(partial);
    await once(file, 'open');
    await write(rows, columns, new Output(file, partial));
    file.end();
    await once(file, 'close');
    if (partial !== path) renameSync(partial, path);
  } catch (thrown) {
    if (partial !== path) rmSync(partial, { force: true });
    throw thrown instanceof ConfigError ? thrown : refusedPlace(`--out ${path}`, thrown);
  }
}

function* filtered(table: Pick<Table, 'rows'>, holds: (row: Row) => boolean): Generator<Row> {
  for (const row of table.rows()) if (holds(row)) yield row;
}

function columnOf(name: string, columns: readonly Column[]): number {
  const at = columns.findIndex((column) => column.name === name);
  if (at >= 0 && columns[at]?.type !== 'json') return at;
  const sortable = columns.filter(({ type }) => type !== 'json');
  throw new ConfigError(
    `--by ${name}: ${at < 0 ? 'there is no such column' : 'its values have no order'}. Give one of ` +
      `${namesOf(sortable)}`,
  );
}
