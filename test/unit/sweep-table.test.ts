/** Tables: CSV and JSON lines as parameters, read by row; what is refused names line and column. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Columns } from '../../core/model/value.js';
import { sweepOf } from '../../core/sweep/read.js';
import { temporaryDirectory } from './support.js';

const tableOf = async (table: string, more: object = {}) =>
  (await sweepOf({ parameters: more, table }, 'heat.yaml', 'models.csv')).parameters;
const rowsOf = async (table: string): Promise<Columns[]> => {
  const { total, at } = await tableOf(table);
  return Array.from({ length: total }, (_, i) => at(i));
};
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A table as a file on a volume. */
async function fromFile(bytes: string | Buffer, use: (table: Awaited<ReturnType<typeof tableOf>>) => void) {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'models.csv');
  writeFileSync(path, bytes);
  const table = { path, sha256: sha256(bytes) };
  use((await sweepOf({ parameters: { table } }, 'heat.yaml')).parameters);
}

describe('a CSV', () => {
  it.each<[what: string, text: string, rows: Columns[]]>([
    [
      'has a header',
      'a,b\n1,x\n2,y\n',
      [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
    ],
    ['needs no last line feed', 'a\n1\n2', [{ a: 1 }, { a: 2 }]],
    [
      'may have CRLF and a BOM',
      '\ufeffa,b\r\n1,x\r\n2,y\r\n',
      [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
    ],
    ['may have blank lines', 'a,b\n\n1,x\n\n', [{ a: 1, b: 'x' }]],
    [
      'may have quotes, commas and line feeds in quotes',
      '"a ""q""",b\n"x,y","1\n2"\n',
      [{ 'a "q"': 'x,y', 'b': '1\n2' }],
    ],
    ['may have quotes within a field', 'a\n5" pipe\n', [{ a: '5" pipe' }]],
    [
      'has null where a field is empty',
      'a,b\n,\n1,\n',
      [
        { a: null, b: null },
        { a: 1, b: null },
      ],
    ],
    ['has an empty field in one column as quotes', 'a\n""\n1\n', [{ a: null }, { a: 1 }]],
    [
      'may have truth values',
      'a,b\ntrue,False\nfalse,TRUE\n',
      [
        { a: true, b: false },
        { a: false, b: true },
      ],
    ],
    ['may have texts in any script', 'größe,名\nä,😀\n', [{ größe: 'ä', 名: '😀' }]],
  ])('%s', async (_, text, rows) => {
    expect(await rowsOf(text)).toEqual(rows);
    await fromFile(text, ({ total, at }) => expect(Array.from({ length: total }, (__, i) => at(i))).toEqual(rows));
  });

  it.each<[column: string, values: unknown[]]>([
    ['1 -2 0.5 1e3 -0 1e-7', [1, -2, 0.5, 1000, 0, 1e-7]],
    ['9007199254740991 -9007199254740991', [9007199254740991, -9007199254740991]],
    // A whole number that a double does not hold, a name with a leading zero, one text: all are texts.
    ['1 1152921504606846976', ['1', '1152921504606846976']],
    ['1 007', ['1', '007']],
    ['1 +1', ['1', '+1']],
    ['1 0x10', ['1', '0x10']],
    ['1 1e999', ['1', '1e999']],
    ['1 nan', ['1', 'nan']],
    ['true 1', ['true', '1']],
  ])('takes the column %s as numbers, or as texts altogether', async (column, values) => {
    expect((await rowsOf(['a', ...column.split(' ')].join('\n'))).map(({ a }) => a)).toEqual(values);
  });

  it('is read back as it was written, row by row in any order, from text and from a file', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'ß', '😀', '1'), maxLength: 12 });
    const rows = fc.array(fc.record({ a: text, b: fc.integer(), c: text }), { minLength: 1, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), fc.infiniteStream(fc.nat()), async (given, feed, order) => {
        // A text column stays one whatever it holds.
        const written = [{ a: 'x', b: 0, c: 'y' }, ...given];
        const csv = stringify(written, { header: true, record_delimiter: feed, quoted_match: /[\r\n"]/ });
        const read = written.map(({ a, b, c }) => ({ a: a === '' ? null : a, b, c: c === '' ? null : c }));
        const check = ({ total, at }: Awaited<ReturnType<typeof tableOf>>): void => {
          expect(total).toBe(read.length);
          for (const any of order.take(30)) expect(at(any % total)).toEqual(read[any % total]);
          expect(Array.from({ length: total }, (_, i) => at(i))).toEqual(read);
        };
        check(await tableOf(csv));
        await fromFile(csv, check);
      }),
      { numRuns: 40 },
    );
  });

  it('may be larger than what is read at a time, rows and characters cut anywhere', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},"größe ${'ß'.repeat(i % 67)}, ${i}"`);
    const text = `n,t\n${rows.join('\n')}\n`;
    expect(Buffer.byteLength(text)).toBeGreaterThan(4 << 20);
    await fromFile(text, ({ total, at }) => {
      expect(total).toBe(60_000);
      for (const i of [0, 59_999, 31_234, 127, 128, 20_000, 59_998, 1])
        expect(at(i)).toEqual({ n: i, t: `größe ${'ß'.repeat(i % 67)}, ${i}` });
    });
  });
});

describe('JSON lines', () => {
  it('have the columns of the first line, each value with its type', async () => {
    const rows = await rowsOf('{"a":1,"b":"x"}\n\n{"b":true,"a":null}\r\n{"a":-0}');
    expect(rows).toEqual([
      { a: 1, b: 'x' },
      { a: null, b: true },
      { a: 0, b: null },
    ]);
  });

  it.each<[string, RegExp]>([
    ['{"a":1}\n{"a":1', /models\.csv, line 2, character 1\): .*one JSON object a line/],
    ['{"a":1}\n[1]', /line 2, character 1\): \[1\] is no object/],
    ['{"a":1}\n{"b":1}', /line 2.*"b" is no column of the first line, which has a/],
    ['{"a":1}\n{"a":[1]}', /line 2, column 1\): \[1\] is no scalar/],
    ['{"a":1152921504606846976}', /line 1, column 1\).*in quotes/],
    ['{"index":1}', /line 1, column 1\).*Take another name/],
    ['{}', /line 1.*no columns/],
  ])('are refused as %j', async (text, message) => {
    await expect(tableOf(text)).rejects.toThrow(message);
  });
});

describe('a table', () => {
  it.each<[what: string, text: string | Buffer, message: RegExp]>([
    [
      'ragged, too short',
      'a,b\n1,2\n3\n',
      /line 3, character 1\): the row has 1 field, and the header 2 \("b" is missing\)/,
    ],
    ['ragged, too long', 'a,b\n1,2\n3,4,5\n', /line 3, character 5\): the row has 3 fields, and the header 2/],
    ['with a column twice', 'a,b,a\n1,2,3\n', /line 1, column 3\): the name "a" stands twice/],
    ['with a column without a name', 'a,\n1,2\n', /line 1, column 2\): names a column "": it is empty/],
    ['with white space around a name', 'a, b\n1,2\n', /line 1, column 2\).*white space/],
    [
      'with a quote that is not closed',
      'a,b\n1,2\n3,"4\n5,6\n',
      /line 3, column 2\): a quote opens and nothing closes it/,
    ],
    ['with text behind a quote', 'a,b\n"1"2,3\n', /line 2, column 1\): text follows the closing quote/],
    ['with a line of 10 MB', `a,b\n1,2\n3,${'x'.repeat(10 << 20)}\n`, /line 3, character 1\).*longer than 1 MiB/],
    ['separated by semicolons', 'a;b\n1;2\n', /line 1, column 1\).*semicolons: save it with commas/],
    ['separated by tabs', 'a\tb\n1\t2\n', /line 1, column 1\).*control characters/],
    ['without rows', 'a,b\n', /has no rows/],
  ])('%s is refused with line and column, as text and as a file', async (_, text, message) => {
    await expect(tableOf(text as string)).rejects.toThrow(message);
    await expect(tableOf(text as string)).rejects.toThrow(/heat\.yaml: parameters\.table \(models\.csv/);
    await expect(fromFile(text, () => undefined)).rejects.toThrow(message);
  });

  it('that is no UTF-8 is refused where it is not', async () => {
    const latin = Buffer.concat([Buffer.from('a,b\n1,2\n3,gr'), Buffer.from([0xf6]), Buffer.from('n\n4,5\n')]);
    await expect(fromFile(latin, () => undefined)).rejects.toThrow(
      /line 3, character 5\): there is a byte that is no UTF-8/,
    );
    const utf16 = Buffer.from('\ufeffa,b\n1,2\n', 'utf16le');
    await expect(fromFile(utf16, () => undefined)).rejects.toThrow(
      /line 1, character 1\): there is a byte that is no UTF-8/,
    );
  });

  it('on a volume is refused without its file, with a relative path, and where the file is another', async () => {
    const of = (table: unknown) => sweepOf({ parameters: { table } }, 'heat.yaml');
    await expect(of({ path: '/no/such/file', sha256: '0'.repeat(64) })).rejects.toThrow(
      /table\.path cannot be read.*Mount/,
    );
    await expect(of({ path: 'models.csv', sha256: '0'.repeat(64) })).rejects.toThrow(/absolute path/);
    await expect(of({ path: '/models.csv' })).rejects.toThrow(/table\.sha256 is undefined.*sha256sum \/models\.csv/);
    using directory = temporaryDirectory();
    await expect(of({ path: directory.path, sha256: '0'.repeat(64) })).rejects.toThrow(/cannot be read/);
    const path = join(directory.path, 'models.csv');
    writeFileSync(path, 'a\n1\n');
    await expect(of({ path, sha256: '0'.repeat(64) })).rejects.toThrow(
      new RegExp(`has ${sha256('a\n1\n')}: it is another file`),
    );
  });

  it('has the same id as a text and as a file, wherever it lies', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'other.csv');
    writeFileSync(path, 'a\n1\n');
    const file = await sweepOf({ parameters: { table: { path, sha256: sha256('a\n1\n') } } }, 'x');
    expect(file.id).toBe((await sweepOf({ parameters: {}, table: 'a\n1\n' }, 'x')).id);
    expect(file.id).not.toBe((await sweepOf({ parameters: {}, table: 'a\n2\n' }, 'x')).id);
  });
});

describe('a grid × a table', () => {
  it('has every row with every combination, the rows the slower', async () => {
    const { total, columns, at } = await tableOf('m,k\nx,1\ny,2\n', { grid: { b: [1, 2], a: [true] } });
    expect([total, columns]).toEqual([4, ['m', 'k', 'a', 'b']]);
    expect(Array.from({ length: 4 }, (_, i) => at(i))).toEqual([
      { m: 'x', k: 1, a: true, b: 1 },
      { m: 'x', k: 1, a: true, b: 2 },
      { m: 'y', k: 2, a: true, b: 1 },
      { m: 'y', k: 2, a: true, b: 2 },
    ]);
  });

  it('is refused where both have a column', async () => {
    await expect(tableOf('m\nx\n', { grid: { m: [1] } })).rejects.toThrow(/grid\.m is a column of the table, too/);
  });
});
