/** Chunks that were split, and split again, and completed too: whatever came of them, each parameter is counted once. */
import fc, { type GeneratorValue } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtin } from '../../compute/builtin.js';
import type { Chunk } from '../../core/model/chunk.js';
import { Digest } from '../../core/model/digest.js';
import { ExactSum } from '../../core/model/exact-sum.js';
import { IntervalSet, size, type Interval } from '../../core/model/interval.js';
import { chunksOf } from '../../core/model/plan.js';
import { splitChunk } from '../../core/model/split.js';
import { deadRecord, ledgerOf, planRecord, resultRecord } from './support.js';

/** Every chunk that a worker may ever hold of this one: it can be split, and the pieces can be split again. */
function descendants(g: GeneratorValue, chunk: Chunk): Chunk[] {
  if (size(chunk) < 2 || !g(fc.boolean)) return [chunk];
  const suspect = g(fc.option, fc.integer({ min: chunk.start, max: chunk.end }), { nil: undefined });
  return [chunk, ...splitChunk(chunk, suspect).flatMap((piece) => descendants(g, piece))];
}

interface Run {
  readonly total: number;
  /** Each chunk of the plan with all its pieces. */
  readonly families: readonly Chunk[][];
}

function anyRun(g: GeneratorValue): Run {
  const total = g(fc.integer, { min: 1, max: 60 });
  const plan = planRecord(total, { chunkSize: g(fc.integer, { min: 1, max: 20 }) });
  return { total, families: [...chunksOf(plan, '')].map((chunk) => descendants(g, chunk)) };
}

/** Some of them, some more than once, in any order. */
function anyLog<T>(g: GeneratorValue, all: readonly T[]): T[] {
  const some = g(fc.subarray, [...all]);
  const twice = g(fc.subarray, some);
  return g(fc.shuffledSubarray, [...some, ...twice], { minLength: some.length + twice.length });
}

function aggregateOf(intervals: readonly Interval[]) {
  const digest = new Digest();
  const sum = new ExactSum();
  let count = 0;
  for (const { start, end } of intervals) {
    for (let i = start; i <= end; i++, count++) {
      digest.add(i, builtin.compute(i));
      sum.add(builtin.compute(i));
    }
  }
  return { digest: digest.toString(), sum: sum.toString(), count };
}

const of = ({ start, end }: Interval): [number, number] => [start, end];

describe('the ledger of chunks and their pieces', () => {
  it('takes each parameter that has a result once, and names as missing what has neither result nor dead record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const { total, families } = anyRun(g);
        const results = anyLog(g, families.flat());
        const dead = anyLog(g, families.flat());
        const ledger = await ledgerOf(
          planRecord(total),
          ...results.map((chunk) => resultRecord(...of(chunk))),
          ...dead.map((chunk) => deadRecord(...of(chunk))),
        );
        const covered = IntervalSet.of(results);
        const { digest, sum, count } = aggregateOf(covered.intervals());
        expect(ledger.covered.intervals()).toEqual(covered.intervals());
        expect({ digest: ledger.digest, sum: ledger.sum.toString(), count: ledger.aggregated }).toEqual({
          digest,
          sum,
          count,
        });
        expect(ledger.conflicts).toEqual([]);
        expect(ledger.dead().count).toBe(IntervalSet.of([...results, ...dead]).count - covered.count);
        const accounted = IntervalSet.of([...results, ...dead]);
        expect(ledger.missing()).toEqual(accounted.gaps({ start: 0, end: total - 1 }));
      }),
      { numRuns: 300 },
    );
  });

  it('has the aggregate of one computation of all parameters once each chunk was completed, whole or in pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const { total, families } = anyRun(g);
        // The chunk itself, or all of its smallest pieces; and whatever else was completed beside them.
        const needed = families.flatMap((family) =>
          g(fc.boolean) ? family.slice(0, 1) : family.filter((one) => !family.some((other) => isWithin(other, one))),
        );
        const beside = anyLog(g, families.flat());
        const log = g(fc.shuffledSubarray, [...needed, ...beside], { minLength: needed.length + beside.length });
        const ledger = await ledgerOf(planRecord(total), ...log.map((chunk) => resultRecord(...of(chunk))));
        expect(ledger.missing()).toEqual([]);
        const { digest, sum } = aggregateOf([{ start: 0, end: total - 1 }]);
        expect(ledger).toMatchObject({ digest, aggregated: total, conflicts: [], isFinished: true });
        expect(ledger.sum.toString()).toBe(sum);
      }),
      { numRuns: 300 },
    );
  });
});

function isWithin(inner: Interval, outer: Interval): boolean {
  return inner !== outer && inner.start >= outer.start && inner.end <= outer.end;
}
