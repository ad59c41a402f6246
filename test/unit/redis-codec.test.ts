import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFields, toFields } from '../../core/broker/redis/codec.js';
import { unpackTaken } from '../../core/broker/redis/taken.js';
import { chunksOf } from '../../core/model/plan.js';
import { ProtocolError } from '../../core/runtime/errors.js';
import { decodeChunk, encodeChunk } from '../../core/wire/chunk-codec.js';
import { decodeRecord, encodeRecord } from '../../core/wire/record-codec.js';
import { resultRecord } from './support.js';

describe('the fields of an entry', () => {
  it('carry a chunk, whatever its ids hold', () => {
    const plan = { totalParameters: 10, chunkSize: 10, computation: 'builtin', keepValues: true, maxDead: 1 };
    const [chunk] = chunksOf({ ...plan, runId: 'run-1' }, 'now');
    if (!chunk) throw new Error('no chunk');
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.boolean(), (chunkId, piece) => {
        const odd = { ...chunk, chunkId, piece };
        expect(decodeChunk(fromFields(toFields(encodeChunk(odd)).map(String)))).toEqual(odd);
      }),
    );
  });

  it('carry a result with its values', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(values, (kept) => {
        // JSON has no negative zero.
        const record = { ...resultRecord(0, 2), values: kept.map((value) => value + 0) };
        expect(decodeRecord(fromFields(toFields(encodeRecord(record)).map(String)))).toEqual(record);
      }),
    );
  });

  it('are refused by name where a nested one is no JSON', () => {
    expect(() => fromFields(['kind', 'result', 'result_summary', '{'])).toThrow(ProtocolError);
    expect(() => fromFields(['kind', 'result', 'result_summary', '{'])).toThrow(/result_summary/);
  });

  it('lose no more than a name that has no value', () => {
    expect(fromFields(['a', '1', 'b'])).toEqual({ a: '1' });
  });
});

describe('what take.lua answers', () => {
  it('is nothing, or entries as they are', () => {
    expect(unpackTaken([])).toEqual([]);
    const entries = [['1-0', ['a', 'b']]] as const;
    expect(unpackTaken([entries])).toBe(entries);
  });

  it('is unpacked to the fields of the first entry, with what differs in the others', () => {
    const taken = ['1-0\n2-0', ['a', '1', 'b', 'x'], [2], ['1\n2']] as const;
    expect(unpackTaken(taken)).toEqual([
      ['1-0', ['a', '1', 'b', 'x']],
      ['2-0', ['a', '2', 'b', 'x']],
    ]);
  });
});
