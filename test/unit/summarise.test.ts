import { describe, expect, it } from 'vitest';
import { Digest } from '../../core/model/digest.js';
import { Summariser } from '../../compute/summarise.js';
import type { Value } from '../../core/model/value.js';
import { random } from './support.js';

function summarised(values: readonly Value[], keep = false): Summariser {
  const summariser = new Summariser(keep);
  values.forEach((value, i) => summariser.add(i, value));
  return summariser;
}

describe('the summary of a chunk', () => {
  it('has sum, count, minimum and maximum, and the spread where it is asked for', () => {
    const figures = { sum: '4', count: 3, min: -1, max: 3 };
    expect(summarised([3, -1, 2]).summary()).toEqual({ ...figures, m2: expect.closeTo(26 / 3) as number });
    const plain = new Summariser(false, false);
    [3, -1, 2].forEach((value, i) => plain.add(i, value));
    expect(plain.summary()).toEqual(figures);
  });

  it('takes values of any kind, and names parameter and place of what is none', () => {
    const values: Value[] = [1, NaN, 'a', null, { loss: 0.5, ok: true }, [1, 2]];
    const summariser = summarised(values, true);
    const digest = new Digest();
    values.forEach((value, i) => digest.addValue(i, value));
    expect(summariser.digest()).toBe(digest.toString());
    expect(summariser.kept()).toEqual({ packed: 't6:[1,NaN,"a",null,{"loss":0.5,"ok":true},[1,2]]' });
    expect(summariser.summary()).toMatchObject({ count: 6, sum: '1', nan: 1, other: 4 });
    expect(() => summariser.add(7, { loss: [0, undefined] })).toThrow(/^value\.loss\[1\] is undefined/);
  });

  it('sums decimals exactly where plain addition does not', () => {
    const values = Array.from({ length: 1000 }, () => 0.1);
    expect(values.reduce((a, b) => a + b, 0)).not.toBe(100);
    expect(summarised(values).summary().sum).toBe('100');
  });

  it('sums negative decimals exactly', () => {
    const next = random(5);
    const units = Array.from({ length: 1000 }, () => Math.round((next() - 0.5) * 1e6));
    expect(summarised(units.map((u) => u / 1000)).summary().sum).toBe(String(units.reduce((a, b) => a + b, 0) / 1000));
  });

  it('keeps what each addition would round away', () => {
    expect(summarised([1, 1e100, 1, -1e100]).summary().sum).toBe('2');
    expect(summarised(Array.from({ length: 10 }, () => 0.1)).summary().sum).toBe('1');
  });

  it('carries the digest of its parameters and values', () => {
    const digest = new Digest();
    digest.add(0, 1.5);
    digest.add(1, -2);
    expect(summarised([1.5, -2]).digest()).toBe(digest.toString());
  });

  it('keeps the values in order only where it is asked to', () => {
    expect(summarised([3, 1, 2], true).kept()).toEqual({ values: [3, 1, 2] });
    expect(summarised([3, 1, 2], false).kept()).toEqual({});
  });

  it('takes negative zero for zero, which is all that a record can say of it', () => {
    const negative = summarised([-0, 1], true);
    const written = JSON.parse(JSON.stringify([negative.kept(), negative.summary()])) as unknown;
    expect([negative.kept(), negative.summary()]).toEqual(written);
    expect(negative.digest()).toBe(summarised([0, 1]).digest());
  });
});
