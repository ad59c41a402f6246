import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../core/wire/record-codec.js';
import { whyUnreadable } from '../../core/wire/recordable.js';
import { resultRecord } from './support.js';

const good = { ...resultRecord(0, 2), values: [1, 2, 3] };

describe('a record that is to be appended', () => {
  it('is good where the reader of the log would take it', () => {
    expect(whyUnreadable(encodeRecord(good))).toBeUndefined();
    expect(whyUnreadable(encodeRecord(resultRecord(0, 2)))).toBeUndefined();
    expect(whyUnreadable(encodeRecord({ ...good, values: [1, NaN, { a: 1 }] }))).toBeUndefined();
    expect(whyUnreadable(encodeRecord(resultRecord(0, 2, { compute: () => ({ a: NaN }) })))).toBeUndefined();
  });

  it.each([
    ['a value too few', { ...good, values: [1, 2] }, /2 values are not 3/],
    ['a packed value too few', { ...good, values: [1, NaN] }, /2 values are not 3/],
    ['packed values that are none', { ...good, values: [], packed: 'x' }, /NaN values are not 3/],
    [
      'least and greatest of no number',
      { ...good, summary: { ...good.summary, min: Infinity, max: -Infinity } },
      /3 finite/,
    ],
    ['more that is no number than there is', { ...good, summary: { ...good.summary, other: 4 } }, /-1 finite/],
    ['an infinite maximum', { ...good, summary: { ...good.summary, max: Infinity } }, /max/],
    ['a sum that is no decimal', { ...good, summary: { ...good.summary, sum: 'NaN' } }, /sum/],
    ['another count than it has parameters', { ...good, summary: { ...good.summary, count: 2 } }, /3 values are not 2/],
    ['a digest that is none', { ...good, digest: 'x' }, /digest/],
  ])('is none with %s', (_, record, words) => {
    expect(whyUnreadable(encodeRecord(record))).toMatch(words);
  });
});
