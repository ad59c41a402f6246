/** Rows as Apache Parquet, a group of rows at a time: numbers as INT64 or DOUBLE, texts as UTF-8, the rest as JSON. */
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import { VERSION } from '../../core/runtime/version.js';
import type { Value } from '../../core/model/value.js';
import type { Output } from '../../core/runtime/output.js';
import type { Column, ColumnType } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';
import { jsonText } from './write-text.js';

/** A group of rows is in memory as a whole: so many of them, or fewer where their texts have so many characters. */
const GROUP_ROWS = 50_000;
const GROUP_CHARACTERS = 32 << 20;

const TYPES: Readonly<Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

/** @throws Error where what is written does not arrive */
export async function writeParquet(
  rows: Iterable<Row>,
  columns: readonly Column[],
  out: Pick<Output, 'print'>,
): Promise<void> {
  const writer = new OutputWriter(out);
  const parquet = new ParquetWriter({ writer, schema: schemaOf(columns), createdBy: `ttg version ${VERSION}` });
  let group = columns.map((column) => new ColumnOfGroup(column));
  let [size, characters] = [0, 0];
  const write = async (): Promise<void> => {
    const columnData = group.map((column) => column.source());
    group = columns.map((column) => new ColumnOfGroup(column));
    await parquet.write({ columnData, rowGroupSize: size });
    [size, characters] = [0, 0];
  };
  for (const row of rows) {
    // Into columns at once: rows that wait for their group would outlive the garbage collector's young generation.
    for (let i = 0; i < group.length; i++) characters += (group[i] as ColumnOfGroup).add(row[i] ?? null);
    if (++size >= GROUP_ROWS || characters >= GROUP_CHARACTERS) await write();
    if (!writer.isRead) return;
  }
  if (size > 0) await write();
  await parquet.finish();
  await writer.flush();
}

/** What a column holds in a group of rows. */
class ColumnOfGroup {
  readonly #column: Column;
  readonly #data: unknown[] = [];
  /** Whether it holds whole numbers of 32 bits and nothing else. */
  #isSmall: boolean;

  constructor(column: Column) {
    this.#column = column;
    this.#isSmall = column.type === 'integer';
  }

  /** @returns the characters of its text */
  add(value: Value): number {
    if (this.#column.type === 'json' && value !== null) {
      // The library makes JSON of what it is given; NaN would become null there.
      const text = jsonText(value);
      this.#data.push(JSON.parse(text));
      return text.length;
    }
    this.#isSmall &&= value === null || value === ((value as number) | 0);
    this.#data.push(value);
    return typeof value === 'string' ? value.length : 0;
  }

  source(): ColumnSource {
    const { name, type } = this.#column;
    if (type !== 'integer') return { name, data: this.#data };
    // They need no BigInt, of which each is an object.
    if (this.#isSmall) return { name, data: this.#data, encoding: 'DELTA_BINARY_PACKED' };
    return { name, data: this.#data.map((value) => (value === null ? null : BigInt(value as number))) };
  }
}

/** Gives what the library has written to an output, each time a group is whole. */
class OutputWriter extends ByteWriter {
  readonly #out: Pick<Output, 'print'>;
  /** Whether somebody still takes it. */
  isRead = true;

  constructor(out: Pick<Output, 'print'>) {
    super();
    this.#out = out;
  }

  async flush(): Promise<void> {
    this.isRead = await this.#out.print(this.getBytes());
    this.index = 0;
  }
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...TYPES[type] })),
  ];
}
