/** Readers of values that lie outside of the log. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Value } from '../../core/model/value.js';
import { checkValues } from '../../core/store/check-values.js';
import { DirectoryStore } from '../../core/store/directory.js';
import { Stores } from '../../core/store/open.js';
import { fetchingFrom, ValuesLost, withValues } from '../../core/store/read-values.js';
import { readTable } from '../../core/table/table.js';
import type { LogRecord, ResultRecord } from '../../core/wire/records.js';
import { stored } from '../../worker/keeping.js';
import { configOf, logOf, planRecord, resultRecord, RUN } from './support.js';

const root = mkdtempSync(join(tmpdir(), 'ttg-read-values-'));
afterAll(() => rmSync(root, { recursive: true }));
const store = new DirectoryStore(root);
const fetchValues = fetchingFrom({ of: () => store });

async function elsewhere(start: number, values: readonly Value[]): Promise<ResultRecord> {
  const record = resultRecord(start, start + values.length - 1, { compute: (i) => values[i - start] as Value });
  return stored({ ...record, values }, RUN, 'directory', store);
}

async function valuesOfAll(records: readonly LogRecord[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const entry of withValues(logOf(records), RUN, fetchValues))
    if ('record' in entry && entry.record.kind === 'result') all.push(entry.record.values);
  return all;
}

describe('values that lie elsewhere', () => {
  it('are those of the table, beside others that the log carries', async () => {
    const records = [
      planRecord(6, { keepValues: true, store: 'directory' }),
      await elsewhere(4, [{ x: 4 }, { x: 'five' }]),
      { ...resultRecord(2, 3), values: [{ x: 2 }, { x: 3 }] },
      await elsewhere(0, [{ x: 0 }, { x: NaN }]),
    ];
    using table = await readTable(
      () => logOf(records),
      RUN,
      () => Promise.resolve(undefined),
      fetchValues,
    );
    const at = table.columns.findIndex(({ name }) => name === 'x');
    expect([...table.rows()].map((row) => row[at])).toEqual([0, NaN, 2, 3, 4, 'five']);
    expect(table.lacksValues).toBe(false);
  });

  it('are lacking where nobody fetches them', async () => {
    const records = [planRecord(2), await elsewhere(0, [1, 2])];
    using table = await readTable(
      () => logOf(records),
      RUN,
      () => Promise.resolve(undefined),
    );
    expect([...table.rows()].map((row) => row[1])).toEqual(['ok', 'ok']);
    expect(table.lacksValues).toBe(true);
  });

  it('come in the order of their records', async () => {
    const records = await Promise.all(Array.from({ length: 50 }, (_, i) => elsewhere(i, [i])));
    expect(await valuesOfAll(records)).toEqual(records.map((_, i) => [i]));
  });

  it('are all checked, and each one that is lost or damaged is named with the remedy', async () => {
    const records = await Promise.all([elsewhere(0, ['a']), elsewhere(1, ['b']), elsewhere(2, ['c'])]);
    expect(await checkValues(logOf(records), RUN, fetchValues)).toMatchObject({ objects: 3, lost: [] });
    const name = (i: number): string => records[i]?.valuesAt?.name ?? '';
    rmSync(join(root, name(0)));
    writeFileSync(join(root, name(1)), 't1:["B"]');
    const { objects, lost } = await checkValues(logOf(records), RUN, fetchValues);
    expect(objects).toBe(3);
    expect(lost).toMatchObject([
      {
        start: 0,
        end: 0,
        reason: expect.stringMatching(/the values of parameter 0: .* is not there.*RESULTS_DIRECTORY/) as string,
      },
      { start: 1, end: 1, reason: expect.stringMatching(/is damaged: its SHA-256/) as string },
    ]);
    await expect(valuesOfAll(records)).rejects.toThrow(ValuesLost);
  });

  it('are lost where the record has another digest', async () => {
    const record = { ...(await elsewhere(0, [5])), digest: 'f'.repeat(32) };
    const { lost } = await checkValues(logOf([record]), RUN, fetchValues);
    expect(lost[0]?.reason).toMatch(/digest/);
  });

  it('need the settings of their store, and say which', async () => {
    const record = await elsewhere(0, [5]);
    const reading = checkValues(logOf([record]), RUN, fetchingFrom(new Stores(configOf({}))));
    await expect(reading).rejects.toThrow(/RESULTS_DIRECTORY/);
  });
});
