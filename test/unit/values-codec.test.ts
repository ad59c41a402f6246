import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueText } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import { ProtocolError } from '../../core/runtime/errors.js';
import { pack, packedCount, unpack } from '../../core/wire/values-codec.js';
import { arbitraryNumber, arbitraryValue } from '../support/arbitrary-values.js';
import { random } from './support.js';

function read({ values, packed }: ReturnType<typeof pack>): Value[] {
  return packed === undefined ? (JSON.parse(JSON.stringify(values)) as Value[]) : unpack(packed);
}

const text = (values: readonly Value[]): string => values.map((value) => valueText(value)).join();

/** Characters that a value takes. */
function packedLength(values: readonly Value[]): number {
  const { packed } = pack(values);
  return (packed ?? JSON.stringify(values)).length / values.length;
}

describe('packed values', () => {
  it('are the values, whatever they are and however many', () => {
    const few = fc.array(arbitraryValue, { maxLength: 20 });
    const numbers = fc.array(arbitraryNumber, { minLength: 60, maxLength: 300 });
    const mixed = fc.array(fc.oneof(arbitraryNumber, arbitraryValue), { minLength: 60, maxLength: 100 });
    fc.assert(
      fc.property(fc.oneof(few, numbers, mixed), (values) => {
        const kept = pack(values);
        expect(text(read(kept))).toBe(text(values));
        if (kept.packed !== undefined) expect(packedCount(kept.packed)).toBe(values.length);
      }),
      { numRuns: 500 },
    );
  });

  it('are a list of JSON, as ever, where they are a few finite numbers', () => {
    expect(pack([1, 0.5, -0])).toEqual({ values: [1, 0.5, 0] });
    expect(pack([1, NaN])).toEqual({ packed: 't2:[1,NaN]' });
    expect(pack([{ b: 1, a: 'x' }])).toEqual({ packed: 't1:[{"a":"x","b":1}]' });
  });

  it('take far less than text', () => {
    const next = random(7);
    const of = (value: (i: number) => Value): number =>
      packedLength(Array.from({ length: 10_000 }, (_, i) => value(i)));
    expect(of(() => next())).toBeLessThan(9.5);
    expect(of(() => Math.round(next() * 1e5) / 100)).toBeLessThan(4.5);
    expect(of((i) => i * 7 + 13.5)).toBeLessThan(1.5);
    expect(of(() => ({ loss: next(), steps: Math.floor(next() * 100), ok: true }))).toBeLessThan(25);
    expect(of(() => 'x'.repeat(100))).toBeLessThan(2);
  });

  const large = pack(Array.from({ length: 1000 }, (_, i) => ({ i }))).packed as string;
  const doubles = pack(Array.from({ length: 1000 }, (_, i) => Math.sqrt(i))).packed as string;
  const bomb = deflateRawSync(Buffer.alloc(300 << 20, ' '), { level: 1 }).toString('base64');

  it.each<[what: string, packed: string]>([
    ['nothing', ''],
    ['another kind', 'x3:[1,2,3]'],
    ['no count', '[1,2,3]'],
    ['a count that is not theirs', 't2:[1,2,3]'],
    ['no list', 't1:{"a":1}'],
    ['no JSON', 't1:[1'],
    ['a torn tail', large.slice(0, -40)],
    ['a torn tail of doubles', doubles.slice(0, -40)],
    ['what is no base64', `${large.slice(0, 200)}\n${large.slice(201)}`],
    ['doubles that are more than their count', doubles.replace('d1000:', 'd999:')],
    ['doubles that are fewer', doubles.replace('d1000:', 'd1001:')],
    ['doubles beyond all memory', doubles.replace('d1000:', 'd9007199254740991:')],
    ['text that grows without end', `z1:${bomb}`],
    ['doubles that grow without end', `d10:${bomb}`],
  ])('that are damaged are refused: %s', (_, packed) => {
    expect(() => unpack(packed)).toThrow(ProtocolError);
  });

  it('of one record are refused where no reader would take them', () => {
    expect(() => pack(Array<string>(70).fill('x'.repeat(1_000_000)))).toThrow(/CHUNK_SIZE.*RESULTS_STORE=none/);
  });
});
