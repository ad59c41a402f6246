/**
 * What is decoded by hand must be what the schema makes of it: for what the encoders write, and for anything near it.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkByHand, resultByHand } from '../../core/wire/by-hand.js';
import { chunkBySchema, encodeChunk } from '../../core/wire/chunk-codec.js';
import { encodeRecord, recordBySchema } from '../../core/wire/record-codec.js';
import type { Wire } from '../../core/wire/records.js';
import { arbitraryChunk, arbitraryResult, flat } from '../support/arbitrary-records.js';

/** Values at the edges of what the schema accepts. */
const ODD: readonly unknown[] = [
  ...[undefined, null, '', ' ', 'x', '7', ' 7', '7 ', '07', '0x10', '1e2', '1e400', '-0', '-7', '+7', '4.5', '0b11'],
  ...[7, -7, -0, 0.5, NaN, Infinity, 2 ** 53, true, 'true', 'false', [], {}, [7], 7n, 'complete', 'result'],
  ...['a'.repeat(32), 'A'.repeat(32), `${'a'.repeat(32)}\n`],
  { sum: 1, count: 10, min: 0, max: 1 },
  { sum: 1, count: '10', min: 0, max: 1, more: 1 },
  { sum: '1', count: 10, min: 0, max: 1 },
  { sum: 1, count: 10, min: 0, max: 1, m2: -1 },
  { sum: 1, count: 10, min: 0, max: 1, nan: 0 },
  { sum: 1, count: 10, min: 0, max: 1, nan: null },
  { sum: 1, count: 10, min: 0, max: 1, other: 10 },
  { sum: 0, count: 10, min: null, max: null, nan: 10 },
  { sum: 1, count: 10, min: 0, max: 1, wide: null, columns: [] },
];
const odd = fc.oneof(fc.constantFrom(...ODD), fc.anything(), fc.nat(20), fc.nat(20).map(String));

/** A message as on either wire, with up to three of its fields put to something else, or taken away. */
function damaged(wires: fc.Arbitrary<Wire>): fc.Arbitrary<unknown> {
  return fc
    .tuple(wires, fc.boolean(), fc.array(fc.tuple(fc.nat(30), odd), { maxLength: 3 }))
    .map(([wire, isFlat, changes]) => {
      const fields = [...Object.keys(wire), 'values', 'values_packed', 'more'];
      const changed = changes.map(([at, value]): [string, unknown] => [fields[at % fields.length] as string, value]);
      return { ...(isFlat ? flat(wire) : wire), ...Object.fromEntries<unknown>(changed) };
    });
}

function outcome<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

describe('decoding by hand', () => {
  it('takes each chunk and each result without values, on a wire of JSON and on one of text', () => {
    fc.assert(
      fc.property(arbitraryChunk, (chunk) => {
        expect(chunkByHand(encodeChunk(chunk))).toEqual(chunk);
        expect(chunkByHand(flat(encodeChunk(chunk)))).toEqual(chunk);
      }),
    );
    fc.assert(
      fc.property(arbitraryResult, ({ values: _, ...result }) => {
        // What no number names is text, and left to the schema; so are values that are not all finite numbers.
        const { sum, ...rest } = encodeRecord(result)['result_summary'] as Wire;
        const all = ['count', 'min', 'max', 'm2'];
        fc.pre(
          typeof sum === 'number' && rest['min'] !== null && Object.keys(rest).every((name) => all.includes(name)),
        );
        expect(resultByHand(encodeRecord(result))).toEqual(result);
        expect(resultByHand(flat(encodeRecord(result)))).toEqual(result);
      }),
    );
  });

  it('gives for each chunk that it takes what the schema gives', () => {
    fc.assert(
      fc.property(fc.oneof(damaged(arbitraryChunk.map(encodeChunk)), odd), (wire) => {
        const byHand = chunkByHand(wire);
        if (byHand) expect(byHand).toEqual(outcome(() => chunkBySchema(wire)));
      }),
      { numRuns: 3000 },
    );
  });

  it('gives for each result that it takes what the schema gives', () => {
    fc.assert(
      fc.property(fc.oneof(damaged(arbitraryResult.map(encodeRecord)), odd), (wire) => {
        const byHand = resultByHand(wire);
        if (byHand) expect(byHand).toEqual(outcome(() => recordBySchema(wire)));
      }),
      { numRuns: 3000 },
    );
  });
});
