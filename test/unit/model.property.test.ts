/** Properties of the pure parts: intervals, chunks of a plan, pieces of a chunk, exact sums, digests. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Summariser } from '../../compute/summarise.js';
import type { Chunk } from '../../core/model/chunk.js';
import { Digest } from '../../core/model/digest.js';
import { decimalText, ExactSum } from '../../core/model/exact-sum.js';
import { IntervalSet, size, type Interval } from '../../core/model/interval.js';
import { chunksIn, chunksOf, planInterval, type Plan } from '../../core/model/plan.js';
import { splitChunk } from '../../core/model/split.js';

const interval = (most: number): fc.Arbitrary<Interval> =>
  fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const intervals = fc.array(interval(60), { maxLength: 12 });
const members = (items: readonly Interval[]): Set<number> =>
  new Set(items.flatMap(({ start, end }) => Array.from({ length: end - start + 1 }, (_, i) => start + i)));

const plan: fc.Arbitrary<Plan> = fc
  .record({ totalParameters: fc.integer({ min: 1, max: 500 }), chunkSize: fc.integer({ min: 1, max: 120 }) })
  .map((sizes) => ({ runId: 'run-1', computation: 'builtin', keepValues: false, maxDead: 0, ...sizes }));

/** Whether they follow one another without gap or overlap, from the first to the last parameter. */
function tiles(pieces: readonly Interval[], whole: Interval): boolean {
  let next = whole.start;
  for (const { start, end } of pieces) {
    if (start !== next || end < start) return false;
    next = end + 1;
  }
  return next === whole.end + 1;
}

/** Values as people have them, and as nobody does. */
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer().map((n) => n / 100),
  fc.constantFrom(0.004, 12_345_678_901.123456, 1e308, -1e308, 5e-324, 0, -0, 1e21, 1e-7, 2 ** 53, 0.1),
);

/** A decimal as units of 10^-1100, where every finite double ends. */
function units(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(1100 - fraction.length + Number(exponent));
}

describe('a set of intervals', () => {
  it('holds what was added, in disjoint ascending intervals that do not touch', () => {
    fc.assert(
      fc.property(intervals, (items) => {
        const set = IntervalSet.of(items);
        expect(members(set.intervals())).toEqual(members(items));
        expect(set.count).toBe(members(items).size);
        for (const [i, each] of set.intervals().slice(1).entries())
          expect(each.start).toBeGreaterThan((set.intervals()[i] as Interval).end + 1);
      }),
    );
  });

  it('knows of any interval how much it holds and what it lacks', () => {
    fc.assert(
      fc.property(intervals, interval(60), (items, asked) => {
        const held = members(items);
        const within = [...members([asked])];
        const set = IntervalSet.of(items);
        expect(set.overlap(asked)).toBe(within.filter((one) => held.has(one)).length);
        expect([...members(set.gaps(asked))]).toEqual(within.filter((one) => !held.has(one)));
      }),
    );
  });
});

describe('the chunks of a plan', () => {
  it('tile it, none larger than the chunk size, as many as are said', () => {
    fc.assert(
      fc.property(plan, (p) => {
        const chunks = [...chunksOf(p, '')];
        expect(tiles(chunks, planInterval(p))).toBe(true);
        expect(chunks.every((chunk) => size(chunk) <= p.chunkSize && !chunk.piece)).toBe(true);
        expect(chunks).toHaveLength(chunksIn(p, [planInterval(p)]));
      }),
    );
  });

  it('of any gaps hold these parameters and no others, and never cross the border of a whole chunk', () => {
    fc.assert(
      fc.property(plan, intervals, (p, wanted) => {
        const whole = planInterval(p);
        const gaps = IntervalSet.of(wanted).gaps(whole);
        const chunks = [...chunksOf(p, '', gaps)];
        expect(members(chunks)).toEqual(members(gaps));
        for (const { start, end } of chunks)
          expect(Math.floor(start / p.chunkSize)).toBe(Math.floor(end / p.chunkSize));
        expect(new Set(chunks.map(({ chunkId }) => chunkId)).size).toBe(chunks.length);
        expect(chunks).toHaveLength(chunksIn(p, gaps));
      }),
    );
  });
});

describe('the pieces of a chunk', () => {
  it('tile it, are at least two, and set a suspect apart', () => {
    const spans = interval(400).filter((each) => size(each) > 1);
    fc.assert(
      fc.property(spans, fc.option(fc.nat(400), { nil: undefined }), (span, suspect) => {
        const chunk: Chunk = {
          ...span,
          runId: 'run-1',
          chunkId: '00000',
          computation: 'builtin',
          keepValues: false,
          piece: false,
          createdAt: '',
        };
        const pieces = splitChunk(chunk, suspect);
        expect(pieces.length).toBeGreaterThan(1);
        expect(tiles(pieces, chunk)).toBe(true);
        expect(pieces.every(({ piece }) => piece)).toBe(true);
        if (suspect !== undefined && suspect >= span.start && suspect <= span.end)
          expect(pieces.some(({ start, end }) => start === suspect && end === suspect)).toBe(true);
      }),
    );
  });
});

describe('a sum', () => {
  it('is exactly that of the decimals that name its values, whatever their size', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), (values) => {
        const sum = new ExactSum();
        for (const each of values) sum.add(each);
        const wanted = values.reduce((total, each) => total + units(String(each)), 0n);
        expect(units(sum.toString())).toBe(wanted);
      }),
    );
  });

  it('of a run is the same however its values are cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.array(fc.nat(40)), (values, cuts) => {
        const borders = [...new Set([0, ...cuts.filter((cut) => cut < values.length), values.length])].sort(
          (a, b) => a - b,
        );
        const total = new ExactSum();
        const digest = new Digest();
        for (const [i, start] of borders.slice(0, -1).entries()) {
          const chunk = new Summariser(false);
          for (let n = start; n < (borders[i + 1] as number); n++) chunk.add(n, values[n]);
          total.addDecimal(chunk.summary().sum);
          digest.addDigest(chunk.digest());
        }
        const whole = new Summariser(false);
        values.forEach((each, n) => whole.add(n, each));
        expect(total.toString()).toBe(whole.summary().sum);
        expect(digest.toString()).toBe(whole.digest());
      }),
    );
  });

  it('loses nothing to what is taken out again', () => {
    fc.assert(
      fc.property(fc.array(value), fc.array(value), (kept, taken) => {
        const [sum, wanted] = [new ExactSum(), new ExactSum()];
        for (const each of kept) wanted.add(each);
        for (const each of [...kept, ...taken]) sum.add(each);
        for (const each of taken) sum.subtractDecimal(decimalText(each));
        expect(sum.toString()).toBe(wanted.toString());
      }),
    );
  });
});
