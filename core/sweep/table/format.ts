/** The two formats of a table, as what its two readings ask of them. */
import { isObject, type Columns, type Scalar } from '../../model/value.js';
import { isBlurred, show } from '../fault.js';
import { checkName } from '../names.js';
import { columnsOf } from '../grid.js';
import { isBlank, Misread, scanRecord, textOf } from './csv.js';
import { Kind } from './kinds.js';

export interface Format {
  readonly columns: readonly string[];
  /**
   * First reading: checks the next record.
   * @returns where the one behind it begins; -1 where the bytes end before this one does
   * @throws Misread
   */
  check(bytes: Buffer, from: number, isEnd: boolean): number;
  /** Whether what was checked last is a row; else it is a header or a blank line. */
  readonly isRow: boolean;
  /** Second reading: whole records. */
  rows(bytes: Buffer): Columns[];
}

/** JSON lines begin with a brace, and no column's name does. */
export function formatOf(bytes: Buffer, from: number): Format {
  let at = from;
  while (at < bytes.length && [0x20, 0x09, 0x0a, 0x0d].includes(bytes[at] as number)) at++;
  return bytes[at] === 0x7b ? new JsonLines() : new Csv();
}

class Csv implements Format {
  columns: string[] = [];
  isRow = false;
  readonly #fields: number[] = [];
  readonly #kinds: Kind[] = [];

  check(bytes: Buffer, from: number, isEnd: boolean): number {
    const fields = this.#fields;
    const next = scanRecord(bytes, from, isEnd, fields);
    this.isRow = false;
    if (next < 0 || isBlank(fields)) return next;
    const count = fields.length / 3;
    if (this.columns.length === 0) this.#header(bytes, fields);
    else if (count !== this.columns.length)
      throw new Misread(
        count < this.columns.length ? from : (fields[this.columns.length * 3] as number),
        undefined,
        `the row has ${count} ${count === 1 ? 'field' : 'fields'}, and the header ${this.columns.length}` +
          (count < this.columns.length ? ` (${show(this.columns[count])} is missing)` : '') +
          ': give each column one, and put a text with commas in quotes',
      );
    else {
      for (let i = 0; i < count; i++)
        (this.#kinds[i] as Kind).see(bytes, fields[i * 3] as number, fields[i * 3 + 1] as number);
      this.isRow = true;
    }
    return next;
  }

  rows(bytes: Buffer): Columns[] {
    const fields = this.#fields;
    const { columns } = this;
    const reads = this.#kinds.map(({ read }) => read);
    const rows: Columns[] = [];
    for (let from = 0; from < bytes.length;) {
      from = scanRecord(bytes, from, true, fields);
      if (isBlank(fields)) continue;
      const values = reads.map((read, i) =>
        read(textOf(bytes, fields[i * 3] as number, fields[i * 3 + 1] as number, fields[i * 3 + 2] as number)),
      );
      rows.push(columnsOf(columns, values));
    }
    return rows;
  }

  #header(bytes: Buffer, fields: readonly number[]): void {
    const names: string[] = [];
    for (let i = 0; i < fields.length; i += 3) {
      const [start, end, form] = [fields[i] as number, fields[i + 1] as number, fields[i + 2] as number];
      names.push(nameAt(start, i / 3, textOf(bytes, start, end, form), names));
    }
    if (names.length === 1 && names[0]?.includes(';'))
      throw new Misread(0, 0, 'the columns are separated by semicolons: save it with commas');
    this.columns = names;
    for (const _ of names) this.#kinds.push(new Kind());
  }
}

/** One object a line, each with the columns of the first; one that is missing is null. */
class JsonLines implements Format {
  columns: string[] = [];
  isRow = false;

  check(bytes: Buffer, from: number, isEnd: boolean): number {
    const feed = bytes.indexOf(0x0a, from);
    if (feed < 0 && !isEnd) return -1;
    const end = feed < 0 ? bytes.length : feed;
    const text = bytes.toString('utf8', from, end);
    this.isRow = text.trim() !== '';
    if (this.isRow) this.#row(text, from);
    return Math.min(end + 1, bytes.length);
  }

  rows(bytes: Buffer): Columns[] {
    const rows: Columns[] = [];
    for (const line of bytes.toString('utf8').split('\n')) {
      if (line.trim() === '') continue;
      const row = JSON.parse(line) as Record<string, Scalar>;
      const values = this.columns.map((name) => {
        const value = Object.hasOwn(row, name) ? (row[name] as Scalar) : null;
        // JSON has a negative zero, and a digest has none.
        return typeof value === 'number' ? value + 0 : value;
      });
      rows.push(columnsOf(this.columns, values));
    }
    return rows;
  }

  #row(text: string, offset: number): void {
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (error) {
      throw new Misread(offset, undefined, `${(error as Error).message}. Give one JSON object a line`);
    }
    if (!isObject(row)) throw new Misread(offset, undefined, `${show(row)} is no object: give one JSON object a line`);
    const isFirst = this.columns.length === 0;
    for (const [name, value] of Object.entries(row)) {
      if (isFirst) this.columns.push(nameAt(offset, this.columns.length, name, this.columns));
      const column = this.columns.indexOf(name);
      if (column < 0)
        throw new Misread(
          offset,
          undefined,
          `${show(name)} is no column of the first line, which has ${this.columns.join(', ')}: add it there, with null if need be`,
        );
      if (typeof value === 'object' && value !== null)
        throw new Misread(offset, column, `${show(value)} is no scalar: give a number, a text, true, false or null`);
      if (typeof value === 'number' && (!Number.isFinite(value) || isBlurred(value)))
        throw new Misread(offset, column, `about ${value} is more than a number keeps exactly: write it in quotes`);
    }
    if (isFirst && this.columns.length === 0)
      throw new Misread(offset, undefined, 'the first line has no columns: give at least one');
  }
}

function nameAt(offset: number, column: number, name: string, before: readonly string[]): string {
  try {
    checkName(name, []);
  } catch (error) {
    throw new Misread(offset, column, (error as Error).message.trim());
  }
  if (before.includes(name)) throw new Misread(offset, column, `the name ${show(name)} stands twice: rename one`);
  return name;
}
