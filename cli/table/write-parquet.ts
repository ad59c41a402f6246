/** Rows as Apache Parquet, a group of rows at a time: numbers as INT64 or DOUBLE, texts as UTF-8, the rest as JSON. */
import { fileWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { VERSION } from '../../core/runtime/version.js';
import type { Value } from '../../core/model/value.js';
import type { Column, ColumnType } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';
import { jsonText } from './write-text.js';

/** Rows that are in memory at a time. */
const GROUP_ROWS = 50_000;

const TYPES: Readonly<Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

/** @throws Error where the file cannot be written */
export async function writeParquet(rows: Iterable<Row>, columns: readonly Column[], path: string): Promise<void> {
  const parquet = new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaOf(columns),
    createdBy: `ttg version ${VERSION}`,
  });
  let group: Row[] = [];
  const write = async (): Promise<void> => {
    const columnData = columns.map(({ name, type }, i) => ({
      name,
      data: group.map((row) => encode(row[i] ?? null, type)),
    }));
    await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    group = [];
  };
  for (const row of rows) if (group.push(row) >= GROUP_ROWS) await write();
  if (group.length > 0) await write();
  await parquet.finish();
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...TYPES[type] })),
  ];
}

function encode(value: Value, type: ColumnType): unknown {
  if (value === null) return null;
  if (type === 'integer') return BigInt(value as number);
  // The library makes JSON of what it is given; NaN would become null there.
  return type === 'json' ? (JSON.parse(jsonText(value)) as unknown) : value;
}
