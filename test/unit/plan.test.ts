import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/runtime/errors.js';
import { IntervalSet, type Interval } from '../../core/model/interval.js';
import { chunkCount, chunksOf, planInterval, reconcilePlans, shard, type Plan } from '../../core/model/plan.js';
import { random } from './support.js';

const plan = (totalParameters: number, chunkSize: number, over: Partial<Plan> = {}): Plan => ({
  runId: 'run-1',
  totalParameters,
  chunkSize,
  computation: 'builtin',
  keepValues: false,
  maxDead: 100,
  ...over,
});
const cut = (p: Plan, pieces?: Interval[]) =>
  [...chunksOf(p, 'now', pieces)].map(({ chunkId, start, end }) => [chunkId, start, end]);

describe('the chunks of a plan', () => {
  it('count from 0, have five digits, and include their last parameter', () => {
    expect(cut(plan(250, 100))).toEqual([
      ['00000', 0, 99],
      ['00001', 100, 199],
      ['00002', 200, 249],
    ]);
  });

  it('carry every fact of the plan', () => {
    const [chunk] = [...chunksOf(plan(5, 10, { runId: 'r7', computation: '/c.mjs' }), '2026-01-01T00:00:00Z')];
    expect(chunk).toEqual({
      runId: 'r7',
      chunkId: '00000',
      start: 0,
      end: 4,
      computation: '/c.mjs',
      keepValues: false,
      piece: false,
      createdAt: '2026-01-01T00:00:00Z',
    });
  });

  it('get wider ids beyond the hundred-thousandth', () => {
    const p = plan(100_001, 1);
    expect(cut(p, [{ start: 99_999, end: 100_000 }])).toEqual([
      ['99999', 99_999, 99_999],
      ['100000', 100_000, 100_000],
    ]);
  });

  it('are one where the chunk is larger than the run', () => {
    expect(cut(plan(3, 100))).toEqual([['00000', 0, 2]]);
    expect(chunkCount(plan(3, 100))).toBe(1);
  });

  it('keep to the grid where only pieces are asked for, and parts are named by their parameters too', () => {
    expect(
      cut(plan(100, 10), [
        { start: 5, end: 22 },
        { start: 40, end: 49 },
        { start: 57, end: 57 },
      ]),
    ).toEqual([
      ['00000.5-9', 5, 9],
      ['00001', 10, 19],
      ['00002.20-22', 20, 22],
      ['00004', 40, 49],
      ['00005.57-57', 57, 57],
    ]);
  });

  it('name what an extension adds to the last, shorter chunk differently from that chunk', () => {
    const before = cut(plan(95, 10)).map(([id]) => id);
    const added = cut(plan(115, 10), [{ start: 95, end: 114 }]);
    expect(added).toEqual([
      ['00009.95-99', 95, 99],
      ['00010', 100, 109],
      ['00011', 110, 114],
    ]);
    expect(added.filter(([id]) => before.includes(id as string))).toEqual([]);
  });

  it('cover every parameter once, for any total and chunk size', () => {
    const next = random(11);
    for (let round = 0; round < 200; round++) {
      const p = plan(1 + Math.floor(next() * 500), 1 + Math.floor(next() * 60));
      const chunks = [...chunksOf(p, '')];
      expect(chunks.length).toBe(chunkCount(p));
      expect(IntervalSet.of(chunks).intervals()).toEqual([planInterval(p)]);
      expect(chunks.reduce((sum, c) => sum + c.end - c.start + 1, 0)).toBe(p.totalParameters);
      expect(new Set(chunks.map((c) => c.chunkId)).size).toBe(chunks.length);
    }
  });

  it('are cut only as they are taken', () => {
    const chunks = chunksOf(plan(Number.MAX_SAFE_INTEGER, 10), '');
    expect(chunks.next().value).toMatchObject({ start: 0, end: 9 });
  });
});

describe('the shards of static mode', () => {
  it('are equal, with the remainder at the last worker', () => {
    expect([0, 1, 2].map((i) => shard(1000, 3, i))).toEqual([
      { start: 0, end: 332 },
      { start: 333, end: 665 },
      { start: 666, end: 999 },
    ]);
  });

  it('leave workers without a share where there are fewer parameters than workers', () => {
    expect([0, 1, 2].map((i) => shard(2, 3, i))).toEqual([undefined, undefined, { start: 0, end: 1 }]);
  });

  it('cover every parameter once, for any number of workers', () => {
    for (let total = 1; total < 60; total++) {
      for (let workers = 1; workers < 20; workers++) {
        const shares = Array.from({ length: workers }, (_, i) => shard(total, workers, i)).filter(
          (s) => s !== undefined,
        );
        expect(IntervalSet.of(shares).intervals()).toEqual([{ start: 0, end: total - 1 }]);
        expect(shares.reduce((sum, s) => sum + s.end - s.start + 1, 0)).toBe(total);
      }
    }
  });

  it.each([-1, 3, 7])('refuse index %d of three workers, and say what to set', (index) => {
    expect(() => shard(10, 3, index)).toThrow(ConfigError);
    expect(() => shard(10, 3, index)).toThrow(/outside 0…2.*TOTAL_WORKERS.*JOB_COMPLETION_INDEX/);
  });
});

describe('seeding a run id again', () => {
  it('resumes the same plan', () => {
    expect(reconcilePlans(plan(100, 10), plan(100, 10))).toEqual(plan(100, 10));
  });

  it('extends to a larger total', () => {
    expect(reconcilePlans(plan(100, 10), plan(150, 10)).totalParameters).toBe(150);
  });

  it('takes another store of values, but not that none are kept', () => {
    const [inLog, inS3] = [plan(100, 10, { keepValues: true }), plan(100, 10, { keepValues: true, store: 's3' })];
    expect(reconcilePlans(inLog, inS3)).toEqual(inS3);
    expect(reconcilePlans(inS3, inLog)).toEqual(inLog);
    expect(() => reconcilePlans(inS3, plan(100, 10))).toThrow(/keepValues true → false/);
  });

  it.each([
    ['a smaller total', plan(50, 10), 'totalParameters 100 → 50'],
    ['another chunk size', plan(100, 20), 'chunkSize 10 → 20'],
    ['another computation', plan(100, 10, { computation: '/other.mjs' }), 'computation builtin → /other.mjs'],
    ['a larger total in other chunks', plan(200, 20), 'totalParameters 100 → 200, chunkSize 10 → 20'],
  ])('refuses %s, naming the difference and the remedy', (_, wanted, difference) => {
    expect(() => reconcilePlans(plan(100, 10), wanted)).toThrow(ConfigError);
    expect(() => reconcilePlans(plan(100, 10), wanted)).toThrow(difference);
    expect(() => reconcilePlans(plan(100, 10), wanted)).toThrow(/another RUN_ID/);
  });
});
