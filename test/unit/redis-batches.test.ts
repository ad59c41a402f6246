import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf, MOST_ITEMS, MOST_LENGTH, type Item } from '../../core/broker/redis/batches.js';
import { tableOf } from '../../core/broker/redis/table.js';
import { encodeRecord } from '../../core/wire/record-codec.js';
import { resultRecord } from './support.js';

const item = fc
  .record({ runId: fc.constantFrom('a', 'b'), kept: fc.boolean(), length: fc.nat(MOST_LENGTH), start: fc.nat(1000) })
  .map(({ runId, kept, length, start }): Item => {
    const record = { ...resultRecord(start, start), runId, ...(kept ? { values: [1] } : {}) };
    return { lease: { id: `${start}-0`, count: 1 }, record, wire: encodeRecord(record), length };
  });

describe('batches of completions', () => {
  it('hold all of them in their order, each of one run and one shape, and none too many or too long', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const batches = [...batchesOf(items)];
        expect(batches.flat()).toEqual(items);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(MOST_ITEMS);
          expect(new Set(batch.map(({ record }) => record.runId)).size).toBe(1);
          expect(new Set(batch.map(({ wire }) => Object.keys(wire).join())).size).toBe(1);
          // The one that goes over the limit is the last of its batch.
          const before = batch.slice(0, -1).reduce((sum, { length }) => sum + length, 0);
          expect(before).toBeLessThan(MOST_LENGTH);
        }
      }),
    );
  });

  it('are as few as they can be for chunks of one run', () => {
    const one = fc.sample(item, 1)[0] as Item;
    const items = new Array<Item>(2 * MOST_ITEMS + 1).fill({ ...one, length: 200 });
    expect([...batchesOf(items)].map((batch) => batch.length)).toEqual([MOST_ITEMS, MOST_ITEMS, 1]);
  });
});

describe('a table', () => {
  it('names the fields once, and has what comes before each row and its values as one text', () => {
    const wires = [
      { a: 'x', b: 1, c: { d: [1] } },
      { a: 'y\n"', b: 2, c: { d: [] } },
    ];
    const [rows, names, ...rest] = tableOf(wires, (row) => [`${row}-0`, row]);
    expect([rows, names]).toEqual([2, 3]);
    expect(rest.slice(0, 3)).toEqual(['a', 'b', 'c']);
    const values = JSON.parse(String(rest[3])) as unknown[];
    expect(values).toEqual(['0-0', 0, 'x', '1', '{"d":[1]}', '1-0', 1, 'y\n"', '2', '{"d":[]}']);
  });
});
