/** Properties of plans: shares, extensions, and the names of pieces of pieces. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/runtime/errors.js';
import type { Chunk } from '../../core/model/chunk.js';
import { size, type Interval } from '../../core/model/interval.js';
import { chunkId, chunksOf, reconcilePlans, shard } from '../../core/model/plan.js';
import type { Plan } from '../../core/model/plan.js';
import { splitChunk } from '../../core/model/split.js';

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  runId: fc.constant('run-1'),
  totalParameters: fc.integer({ min: 1, max: 2000 }),
  chunkSize: fc.integer({ min: 1, max: 300 }),
  computation: fc.constantFrom('builtin', '/computation/a.mjs'),
  keepValues: fc.boolean(),
  maxDead: fc.nat(100),
});

function expectTiles(tiles: readonly Interval[], whole: Interval): void {
  expect(tiles[0]?.start).toBe(whole.start);
  expect(tiles.at(-1)?.end).toBe(whole.end);
  for (const [i, tile] of tiles.entries()) {
    expect(tile.end).toBeGreaterThanOrEqual(tile.start);
    if (i > 0) expect(tile.start).toBe((tiles[i - 1]?.end ?? NaN) + 1);
  }
}

describe('any plan', () => {
  it('is shared among workers of static mode without a rest and without a double', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 50 }), (total, workers) => {
        const shares = Array.from({ length: workers }, (_, i) => shard(total, workers, i));
        expectTiles(
          shares.filter((share) => share !== undefined),
          { start: 0, end: total - 1 },
        );
      }),
    );
  });

  it('is taken up again only as it was, or with a larger total or another failure budget', () => {
    fc.assert(
      fc.property(anyPlan, anyPlan, fc.boolean(), (known, other, alike) => {
        const { totalParameters, ...rest } = known;
        // Two plans that differ in nothing else are too rare by chance.
        const wanted = alike ? { ...other, chunkSize: rest.chunkSize, computation: rest.computation } : other;
        const extends_ =
          wanted.totalParameters >= totalParameters &&
          rest.chunkSize === wanted.chunkSize &&
          rest.computation === wanted.computation &&
          rest.keepValues === wanted.keepValues;
        if (extends_) expect(reconcilePlans(known, wanted)).toEqual(wanted);
        else expect(() => reconcilePlans(known, wanted)).toThrow(ConfigError);
        const larger = { ...known, totalParameters: totalParameters + wanted.totalParameters };
        expect(reconcilePlans(known, larger)).toEqual(larger);
        expect(reconcilePlans(known, known)).toEqual(known);
      }),
    );
  });
});

describe('any chunk of more than one parameter', () => {
  it('is tiled by its pieces, which are smaller, named as the plan names them, and end at single parameters', () => {
    const anyChunk = anyPlan.chain((plan) =>
      fc.tuple(
        fc.constant(plan),
        fc.constantFrom(...chunksOf(plan, 'now')),
        fc.option(fc.integer({ min: -9, max: 2009 })),
      ),
    );
    fc.assert(
      fc.property(anyChunk, ([plan, chunk, suspect]) => {
        const single: Chunk[] = [];
        const left = [chunk];
        for (let next = left.pop(); next; next = left.pop()) {
          if (size(next) === 1) single.push(next);
          else {
            const pieces = splitChunk(next, suspect ?? undefined);
            expectTiles(pieces, next);
            expect(pieces.length).toBeGreaterThan(1);
            for (const piece of pieces) {
              expect(piece).toEqual({ ...chunk, ...piece });
              expect(piece.chunkId).toBe(chunkId(plan, piece));
              expect(piece.piece).toBe(true);
            }
            left.push(...pieces);
          }
        }
        expect(single).toHaveLength(size(chunk));
      }),
    );
  });
});
