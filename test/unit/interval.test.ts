import { describe, expect, it } from 'vitest';
import { describeIntervals, IntervalSet, size, type Interval } from '../../core/model/interval.js';
import { random } from './support.js';

/** The same set as one flag a parameter: slow, and too simple to be wrong. */
class Bitmap {
  readonly #held: boolean[];

  constructor(parameters: number) {
    this.#held = Array.from({ length: parameters }, () => false);
  }

  add({ start, end }: Interval): void {
    this.#held.fill(true, start, end + 1);
  }

  get count(): number {
    return this.#held.filter(Boolean).length;
  }

  overlap({ start, end }: Interval): number {
    return this.#held.slice(start, end + 1).filter(Boolean).length;
  }

  runs(value: boolean, { start, end }: Interval): Interval[] {
    const runs: Interval[] = [];
    for (let i = start; i <= end; i++) {
      if (this.#held[i] !== value) continue;
      const last = runs.at(-1);
      if (last?.end === i - 1) runs[runs.length - 1] = { start: last.start, end: i };
      else runs.push({ start: i, end: i });
    }
    return runs;
  }
}

const PARAMETERS = 200;

function anyInterval(next: () => number, longest: number): Interval {
  const start = Math.floor(next() * PARAMETERS);
  return { start, end: Math.min(PARAMETERS - 1, start + Math.floor(next() * longest)) };
}

describe('IntervalSet', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('agrees with a bitmap after each of many random operations (seed %d)', (seed) => {
    const next = random(seed);
    const longest = [1, 3, 10, 80][seed % 4] as number;
    for (let round = 0; round < 20; round++) {
      const set = new IntervalSet();
      const bitmap = new Bitmap(PARAMETERS);
      for (let step = 0; step < 60; step++) {
        const added = anyInterval(next, longest);
        set.add(added);
        bitmap.add(added);
        const asked = anyInterval(next, PARAMETERS);
        expect(set.intervals()).toEqual(bitmap.runs(true, { start: 0, end: PARAMETERS - 1 }));
        expect(set.gaps(asked)).toEqual(bitmap.runs(false, asked));
        expect(set.overlap(asked)).toBe(bitmap.overlap(asked));
        expect(set.count).toBe(bitmap.count);
      }
    }
  });

  it('is empty at first, and one gap', () => {
    const set = new IntervalSet();
    expect(set.isEmpty).toBe(true);
    expect(set.count).toBe(0);
    expect(set.gaps({ start: 4, end: 9 })).toEqual([{ start: 4, end: 9 }]);
    expect(set.overlap({ start: 0, end: 100 })).toBe(0);
  });

  it('joins intervals that touch', () => {
    const set = IntervalSet.of([
      { start: 0, end: 4 },
      { start: 10, end: 14 },
      { start: 5, end: 9 },
    ]);
    expect(set.intervals()).toEqual([{ start: 0, end: 14 }]);
    expect(set.isEmpty).toBe(false);
  });

  it('keeps one interval for a million chunks that arrive in order', () => {
    const set = new IntervalSet();
    for (let i = 0; i < 1_000_000; i++) set.add({ start: i * 100, end: i * 100 + 99 });
    expect(set.intervals()).toEqual([{ start: 0, end: 99_999_999 }]);
  });

  it('holds parameters beyond 32 bits', () => {
    const set = IntervalSet.of([{ start: 2 ** 40, end: 2 ** 40 + 9 }]);
    expect(set.gaps({ start: 2 ** 40 - 1, end: 2 ** 40 + 10 })).toEqual([
      { start: 2 ** 40 - 1, end: 2 ** 40 - 1 },
      { start: 2 ** 40 + 10, end: 2 ** 40 + 10 },
    ]);
  });
});

describe('an interval', () => {
  it('includes both its ends', () => {
    expect(size({ start: 3, end: 3 })).toBe(1);
    expect(size({ start: 0, end: 99 })).toBe(100);
  });

  it('is shown to people as one number or as a range', () => {
    expect(
      describeIntervals([
        { start: 3, end: 3 },
        { start: 7, end: 9 },
      ]),
    ).toBe('3, 7–9');
  });

  it('is only counted where there are too many to show', () => {
    const many = Array.from({ length: 14 }, (_, i) => ({ start: i * 2, end: i * 2 }));
    expect(describeIntervals(many)).toBe('0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 4 more intervals');
  });
});
