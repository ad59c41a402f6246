import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../core/runtime/errors.js';
import { objectOf, sha256Of, valuesOf } from '../../core/wire/object-codec.js';
import { OBJECT_NAME, objectName } from '../../core/wire/values-at.js';
import type { ValuesAt } from '../../core/wire/records.js';
import { pack, ValuePacker } from '../../core/wire/values-codec.js';
import type { Value } from '../../core/model/value.js';
import { arbitraryValue } from '../support/arbitrary-values.js';

const at = (bytes: Buffer): ValuesAt => {
  const sha256 = sha256Of(bytes);
  return { store: 's3', name: objectName('run-1', sha256), bytes: bytes.length, sha256 };
};
const object = (values: readonly Value[]): Buffer => objectOf(pack(values)) as Buffer;
const read = (bytes: Buffer, count: number, where = at(bytes)): Value[] =>
  valuesOf(bytes, where, { start: 5, end: 4 + count });

describe('values as an object', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(arbitraryValue, { minLength: 1, maxLength: 200 }), (values) => {
        expect(read(object(values), values.length)).toEqual(values);
      }),
    );
    for (const count of [1, 64, 65, 5000]) {
      const numbers = Array.from({ length: count }, (_, i) => Math.sin(i));
      expect(read(object(numbers), count)).toEqual(numbers);
    }
  });

  it('are smaller than in a record: there is no base64', () => {
    const packed = pack(Array.from({ length: 1000 }, (_, i) => Math.sin(i))).packed as string;
    expect((objectOf({ packed }) as Buffer).length).toBeLessThan(packed.length * 0.76);
  });

  it('are none where none are kept', () => {
    expect(objectOf({})).toBeUndefined();
    expect(objectOf(new ValuePacker().kept())?.toString()).toBe('t0:[]');
  });

  it('are refused where bytes, hash or count are not those of the record', () => {
    const bytes = object([1, 2, 3]);
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(bytes.readUInt8(4) ^ 1, 4);
    expect(() => read(flipped, 3, at(bytes))).toThrow(/SHA-256/);
    expect(() => read(bytes.subarray(1), 3, at(bytes))).toThrow(/bytes/);
    expect(() => read(bytes, 4)).toThrow(/3 values, and its record has 4/);
    for (const damaged of ['', 't2:[1]', 'z3:xxx', 'd3:xxx', 'nothing at all'])
      expect(() => read(Buffer.from(damaged), 2), damaged).toThrow(ProtocolError);
  });

  it('have names that never lead out of their store', () => {
    expect(objectName('run-1', 'ab'.repeat(32))).toMatch(OBJECT_NAME);
    for (const name of ['', '/a', '../a', 'a/../b', 'a//b', 'a/', 'a\\b', 'a/./b', '.a', 'a b', 'a\n'])
      expect(name).not.toMatch(OBJECT_NAME);
  });
});
