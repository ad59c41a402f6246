import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf, MOST_ITEMS, MOST_LENGTH, type Item } from '../../core/broker/redis/batches.js';
import { columnsOf } from '../../core/broker/redis/columns.js';
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

describe('columns', () => {
  const wires = [
    { kind: 'x', start: 1, text: 'a\n"', nested: { d: [1] } },
    { kind: 'x', start: 1, text: 'b', nested: { d: [1] } },
  ];

  it('give once what is the same in all, and for each what differs, by its place', () => {
    const columns = columnsOf(wires.map((wire) => ({ ...wire, nested: 'n' })));
    const [fields, differing, ...rest] = columns.head;
    expect([fields, differing]).toEqual([4, 1]);
    expect(rest).toEqual(['kind', 'x', 'start', '1', 'text', 'a\n"', 'nested', 'n', 6]);
    const rows: (string | number)[] = [];
    for (const wire of wires) columns.row(wire, rows);
    expect(rows).toEqual(['a\n"', 'b']);
  });

  it('put first what is to lead, whether it differs or not', () => {
    const columns = columnsOf(wires, ['start']);
    // Nested values are compared as objects: they travel with each.
    expect(columns.head.slice(-3)).toEqual([4, 6, 8]);
    const rows: (string | number)[] = [];
    columns.row(wires[1]!, rows);
    expect(rows).toEqual(['1', 'b', '{"d":[1]}']);
  });
});
