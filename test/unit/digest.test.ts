import { describe, expect, it } from 'vitest';
import { Digest } from '../../core/model/digest.js';
import type { Value } from '../../core/model/value.js';
import { random, shuffled } from './support.js';

/**
 * From Python: mmh3.hash_bytes(struct.pack('<Qd', parameter, value), 0, x64arch=False), read as a little-endian number.
 */
const VECTORS = [
  [0, 13.0, 'dd93444c7724aee5c4066545960b4fb0'],
  [5, 48.5, '44159fa6a6aa63150a95cacc92da73cd'],
  [2 ** 40 + 7, -1.25, '9617964e2845ec594e141c342776696b'],
] as const;

/**
 * From Python: mmh3.hash_bytes(struct.pack('<Q', parameter) + text.encode(), 1, x64arch=False), likewise.
 */
const TEXT_VECTORS: readonly [parameter: number, value: Value, hex: string][] = [
  [0, null, 'dbb63950ba79de46dbb639504437626e'],
  [5, NaN, '2925b8f5cb4f01bf2925b8f50ececd59'],
  [5, -Infinity, 'd2444ae40bade106409a6ebd83ea1423'],
  [2 ** 40 + 7, { b: 'é€😀', a: [1, 2.5, null], c: true }, '181d00b4fc6648f8bac13d4452d66f14'],
  [7, 'x'.repeat(300), '70aea86b69b792247030635068f8008a'],
  [3, { y: 1 }, '015b6f110a9c75653338f8f7107a4fb4'],
  [9, 'ab€def', 'bf2aa53f540bc6df64f026436d99407c'],
];

function digestOf(pairs: Iterable<readonly [number, number]>): string {
  const digest = new Digest();
  for (const [parameter, value] of pairs) digest.add(parameter, value);
  return digest.toString();
}

describe('the run digest', () => {
  it.each(VECTORS)(
    'of parameter %d with value %d is that of an independent implementation',
    (parameter, value, hex) => {
      expect(digestOf([[parameter, value]])).toBe(hex);
    },
  );

  it.each(TEXT_VECTORS)('of parameter %d with value %j is that of one too', (parameter, value, hex) => {
    const digest = new Digest();
    // What was longer before must leave nothing behind.
    digest.addValue(0, 'é'.repeat(5000));
    digest.addValue(0, 'y'.repeat(150));
    const before = digest.toString();
    digest.addValue(parameter, value);
    digest.subtractDigest(before);
    expect(digest.toString()).toBe(hex);
  });

  it('of a finite number is the same, whichever way it is given', () => {
    const digest = new Digest();
    for (const [parameter, value] of VECTORS) digest.addValue(parameter, value);
    expect(digest.toString()).toBe(digestOf(VECTORS.map(([p, v]) => [p, v])));
  });

  it('tells values of different kinds that look alike', () => {
    const alike: Value[] = [
      1,
      '1',
      [1],
      { 1: 1 },
      true,
      'true',
      null,
      'null',
      NaN,
      'NaN',
      Infinity,
      -Infinity,
      '',
      [],
      {},
      0,
    ];
    const digests = alike.map((value) => {
      const digest = new Digest();
      digest.addValue(3, value);
      return digest.toString();
    });
    expect(new Set(digests).size).toBe(alike.length);
  });

  it('of several parameters is the sum of their digests modulo 2^128', () => {
    expect(digestOf(VECTORS.map(([p, v]) => [p, v]))).toBe('b7c07a414614fe541cb04c46505c2ce8');
  });

  it('of nothing is zero, written with all 32 digits', () => {
    expect(new Digest().toString()).toBe('0'.repeat(32));
  });

  it('does not depend on the order of the parameters', () => {
    const next = random(1);
    const pairs = Array.from({ length: 2000 }, (_, i) => [i, next() * 1000 - 500] as const);
    expect(digestOf(shuffled(pairs, next))).toBe(digestOf(pairs));
  });

  it('does not depend on how the parameters are cut into chunks', () => {
    const next = random(2);
    const pairs = Array.from({ length: 3000 }, (_, i) => [i, next()] as const);
    const whole = digestOf(pairs);
    for (const size of [1, 7, 100, 2999]) {
      const sum = new Digest();
      for (let i = 0; i < pairs.length; i += size) sum.addDigest(digestOf(pairs.slice(i, i + size)));
      expect(sum.toString()).toBe(whole);
    }
  });

  it('stays exact over more additions than fit one carry', () => {
    const count = 3 * 2 ** 21 + 3;
    const whole = new Digest();
    const parts = new Digest();
    let part = new Digest();
    for (let i = 0; i < count; i++) {
      whole.add(i, i);
      part.add(i, i);
      if (i % 1_000_003 === 0 || i === count - 1) {
        parts.addDigest(part.toString());
        part = new Digest();
      }
    }
    expect(whole.toString()).toBe(parts.toString());
  });

  it('can be read in the middle without changing the end', () => {
    const digest = new Digest();
    digest.add(0, 13);
    digest.toString();
    digest.add(5, 48.5);
    expect(digest.toString()).toBe(
      digestOf([
        [0, 13],
        [5, 48.5],
      ]),
    );
  });

  it('tells values of neighbouring parameters that were swapped', () => {
    expect(
      digestOf([
        [1, 20],
        [2, 27],
      ]),
    ).not.toBe(
      digestOf([
        [1, 27],
        [2, 20],
      ]),
    );
  });

  it('tells values that differ in their last bit', () => {
    expect(digestOf([[1, 0.1 + 0.2]])).not.toBe(digestOf([[1, 0.3]]));
  });

  it('takes minus zero for zero', () => {
    expect(digestOf([[3, -0]])).toBe(digestOf([[3, 0]]));
  });

  it('tells parameters that differ above 32 bits only', () => {
    expect(digestOf([[1, 1]])).not.toBe(digestOf([[2 ** 32 + 1, 1]]));
  });
});
