import { describe, expect, it } from 'vitest';
import { Digest } from '../../core/model/digest.js';
import { random, shuffled } from './support.js';

/**
 * From Python: mmh3.hash_bytes(struct.pack('<Qd', parameter, value), 0, x64arch=False), read as a little-endian number.
 */
const VECTORS = [
  [0, 13.0, 'dd93444c7724aee5c4066545960b4fb0'],
  [5, 48.5, '44159fa6a6aa63150a95cacc92da73cd'],
  [2 ** 40 + 7, -1.25, '9617964e2845ec594e141c342776696b'],
] as const;

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
