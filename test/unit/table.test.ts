import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { select } from '../../cli/table/export.js';
import { writeCsvRows, writeJsonLines, type WriteRows } from '../../cli/table/write-text.js';
import { readTable, type ParameterColumns, type Table } from '../../core/table/table.js';
import type { Value } from '../../core/model/value.js';
import type { LogRecord, ResultRecord } from '../../core/wire/records.js';
import { deadRecord, logOf, planRecord, resultRecord, RUN } from './support.js';

/** Rows as objects, since columns are what a reader sees. */
function objects(table: Table, rows = table.rows()): Record<string, Value | undefined>[] {
  return [...rows].map((row) => Object.fromEntries(table.columns.map(({ name }, i) => [name, row[i]])));
}

/** A record that keeps its values; digests are none of the table's business but for telling records apart. */
function kept(start: number, values: readonly Value[], over: Partial<ResultRecord> = {}): ResultRecord {
  const record = resultRecord(start, start + values.length - 1, { compute: (i) => i });
  return { ...record, values: values, ...over };
}

const read = (records: readonly LogRecord[], parameters?: ParameterColumns): Promise<Table> =>
  readTable(
    () => logOf(records),
    RUN,
    () => Promise.resolve(parameters),
  );

const letters: ParameterColumns = {
  columns: ['letter', 'half'],
  at: (index) => ({ letter: 'abcdefghij'[index] ?? null, half: index / 2 }),
  standIns: () => [{ letter: 'a', half: 0 }, { half: 0.5 }],
};

describe('the table of a run', () => {
  it('has a row for every parameter in the order of the index, whatever became of it', async () => {
    using table = await read(
      [planRecord(6), kept(4, [44]), deadRecord(2, 2, { error: 'no root' }), kept(0, [0, 11], { attempt: 2 })],
      letters,
    );
    expect(objects(table)).toEqual([
      { index: 0, letter: 'a', half: 0, status: 'ok', attempts: 2, value: 0, error: null },
      { index: 1, letter: 'b', half: 0.5, status: 'ok', attempts: 2, value: 11, error: null },
      { index: 2, letter: 'c', half: 1, status: 'dead', attempts: 4, value: null, error: 'no root' },
      { index: 3, letter: 'd', half: 1.5, status: 'missing', attempts: null, value: null, error: null },
      { index: 4, letter: 'e', half: 2, status: 'ok', attempts: 1, value: 44, error: null },
      { index: 5, letter: 'f', half: 2.5, status: 'missing', attempts: null, value: null, error: null },
    ]);
    expect(table.columns.map(({ type }) => type)).toEqual([
      'integer',
      'text',
      'double',
      'text',
      'integer',
      'integer',
      'text',
    ]);
  });

  it('counts each parameter once, as the ledger does: the first record, the wider one, the result before the dead', async () => {
    const whole = kept(0, [1, 2, 3, 4]);
    using table = await read([
      planRecord(6),
      kept(0, [1, 2], { digest: whole.digest }),
      kept(0, [1, 2], { digest: whole.digest }),
      whole,
      deadRecord(3, 4),
    ]);
    expect(objects(table).map(({ index, status, value }) => [index, status, value])).toEqual([
      [0, 'ok', 1],
      [1, 'ok', 2],
      [2, 'ok', 3],
      [3, 'ok', 4],
      [4, 'dead', null],
      [5, 'missing', null],
    ]);
  });

  it('makes a column of each field of a value, and names none twice', async () => {
    using table = await read(
      [
        planRecord(3),
        kept(1, [
          { loss: 0.5, letter: 'x', more: [1, 2] },
          { loss: 2, extra: true },
        ]),
        kept(0, [{ loss: 1, status: 'fine' }]),
      ],
      letters,
    );
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'index integer',
      'letter text',
      'half double',
      'status text',
      'attempts integer',
      'loss double',
      'value.status text',
      'value.letter text',
      'more json',
      'extra boolean',
      'error text',
    ]);
    expect(objects(table)[1]).toMatchObject({ 'loss': 0.5, 'value.letter': 'x', 'more': [1, 2], 'extra': null });
  });

  it('is as wide as its values need: numbers of both kinds are doubles, mixtures are JSON', async () => {
    using numbers = await read([planRecord(3), kept(0, [1, 2.5, NaN])]);
    expect(numbers.columns.find(({ name }) => name === 'value')).toEqual({ name: 'value', type: 'double' });
    using mixed = await read([planRecord(3), kept(0, [1, 'two', null])]);
    expect(mixed.columns.find(({ name }) => name === 'value')).toEqual({ name: 'value', type: 'json' });
  });

  it('has all digits of a whole number as text, since some readers keep integers whole', async () => {
    using table = await read([planRecord(4), kept(0, [2 ** 60, -(2 ** 53), 1e21, 0.1])]);
    const columns = table.columns.filter(({ name }) => name === 'value');
    const rows = objects(table).map(({ value }) => [value as number]);
    const written = async (write: WriteRows): Promise<string> => {
      let text = '';
      await write(rows, columns, { print: (more) => Promise.resolve((text += String(more)) !== '') });
      return text;
    };
    const numbers = ['1152921504606846976', '-9007199254740992', '1e+21', '0.1'];
    expect(await written(writeCsvRows)).toBe(['value', ...numbers, ''].join('\n'));
    expect(await written(writeJsonLines)).toBe(numbers.map((number) => `{"value":${number}}\n`).join(''));
  });

  it('says where results lack their values', async () => {
    using table = await read([planRecord(2), resultRecord(0, 1)]);
    expect(table.lacksValues).toBe(true);
    expect(objects(table)).toMatchObject([{ status: 'ok', value: null }, { status: 'ok' }]);
  });

  it('gives back any values, in any order of the log', async () => {
    const json = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer()));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(json, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
        fc.nat(),
        async (chunks, turn) => {
          let start = 0;
          const records = chunks.map((values) => {
            const record = kept(start, values);
            start += values.length;
            return record;
          });
          const turned = [
            ...records.slice(turn % (records.length + 1)),
            ...records.slice(0, turn % (records.length + 1)),
          ];
          using table = await read([planRecord(start), ...turned]);
          expect(objects(table).map(({ value }) => value)).toEqual(chunks.flat());
        },
      ),
    );
  });
});

describe('rows that are chosen', () => {
  const table = (): Promise<Table> =>
    read([planRecord(7), kept(0, [5, 3, NaN, 9, 3, 1]), deadRecord(6, 6, { error: 'boom' })], letters);
  const indexes = async (selection: Parameters<typeof select>[1]): Promise<unknown[]> => {
    using read = await table();
    return objects(read, select(read, selection)).map(({ index }) => index);
  };

  it.each<[where: string, indexes: number[]]>([
    ['value > 3', [0, 3]],
    ['value >= 3 and letter != "b"', [0, 3, 4]],
    ["letter = 'a' or not half < 2.5", [0, 5, 6]],
    ['(value = 3 || value = 9) && half <= 1.5', [1, 3]],
    ['value is null', [6]],
    ['error is not null', [6]],
    ['value is NaN', [2]],
    ['value is not nan and value is not null', [0, 1, 3, 4, 5]],
    ['`index` < 2', [0, 1]],
    ['half=-1e3', []],
  ])('by a condition: %s', async (where, expected) => {
    expect(await indexes({ where })).toEqual(expected);
  });

  it.each<[where: string, message: RegExp]>([
    ['loss > 1', /character 1: there is no column loss; there are index, letter, half, status, attempts, value, error/],
    ['value > "x"', /character 9: column value is double, and x is not/],
    ['value >', /character 8: the end stands where a number/],
    ['value 3', /character 7: 3 stands where a comparison/],
    ['value > 3 value', /character 11: value stands where "and"/],
    ['letter = "a', /character 10: the text that begins here has no closing "/],
    ['value > 3 ; drop', /character 11: ; means nothing/],
    ['value = null', /write value is null/],
    ['(value > 3', /where "\)" was expected/],
  ])('says where a condition is wrong: %s', async (where, message) => {
    await expect(indexes({ where })).rejects.toThrow(message);
  });

  it('by the extremes of a column, the most extreme first, equal ones by index', async () => {
    expect(await indexes({ top: 3, by: 'value' })).toEqual([3, 0, 1]);
    expect(await indexes({ bottom: 3, by: 'value' })).toEqual([5, 1, 4]);
    expect(await indexes({ top: 2, by: 'letter' })).toEqual([6, 5]);
    await expect(indexes({ top: 2, by: 'los' })).rejects.toThrow(/--by los: there is no such column/);
  });

  it('by what failed', async () => {
    expect(await indexes({ failed: true })).toEqual([6]);
  });
});
