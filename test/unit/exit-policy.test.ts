import { describe, expect, it } from 'vitest';
import type { Depth } from '../../core/broker/port.js';
import { ExitPolicy } from '../../worker/exit-policy.js';

const depth = (over: Partial<Depth> = {}): Depth => ({
  ready: 0,
  leased: 0,
  stale: 0,
  delayed: 0,
  dead: 0,
  parked: 0,
  ...over,
});

/** An idle worker with IDLE_TIMEOUT_SECONDS=30, CHUNKS_PER_WORKER=10 and a clock that stands still until it is set. */
function idleAt(
  oneByOne = false,
  { silenceMs = 0, lagMs = 0 } = {},
): { idle: ExitPolicy; at: (ms: number) => ExitPolicy } {
  let now = 1_000_000;
  const idle = new ExitPolicy({ timeoutSeconds: 30, chunksPerWorker: 10, silenceMs, lagMs }, { oneByOne }, () => now);
  return {
    idle,
    at: (ms) => {
      now = 1_000_000 + ms;
      return idle;
    },
  };
}

describe('a worker that finds no work', () => {
  it('leaves at once when everything is done', () => {
    expect(idleAt().idle.look(depth())).toBe('drained');
  });

  it('waits for a count that is behind where others may hold many chunks, and not where everybody holds one', () => {
    const { at } = idleAt(false, { lagMs: 1500 });
    expect([0, 1499, 1500].map((ms) => at(ms).look(depth()))).toEqual(['stay', 'stay', 'drained']);
    expect(idleAt(true, { lagMs: 1500 }).idle.look(depth())).toBe('drained');
  });

  it('leaves when everything is done but for dead letters', () => {
    expect(idleAt().idle.look(depth({ dead: 7 }))).toBe('drained');
  });

  it('looks on for a moment while healthy workers finish the rest, then leaves', () => {
    const { at } = idleAt();
    const rest = depth({ leased: 3 });
    expect([0, 1000, 1499, 1500].map((ms) => at(ms).look(rest))).toEqual([
      'stay',
      'stay',
      'stay',
      'others finish the rest',
    ]);
  });

  it('looks on for as long as a worker that holds the rest may be silent unnoticed', () => {
    const { at } = idleAt(false, { silenceMs: 6000 });
    expect([0, 1500, 6499, 6500].map((ms) => at(ms).look(depth({ leased: 1 })))).toEqual([
      'stay',
      'stay',
      'stay',
      'others finish the rest',
    ]);
  });

  it('stays where others hold so many chunks that the scaler would start another worker in its place', () => {
    const { at } = idleAt();
    expect([0, 1500, 29_999].map((ms) => at(ms).look(depth({ leased: 11 })))).toEqual(['stay', 'stay', 'stay']);
    expect(at(29_999).look(depth({ leased: 10 }))).toBe('others finish the rest');
  });

  it('leaves those to others where chunks are so long that everybody holds one', () => {
    const { at } = idleAt(true);
    expect([0, 1500].map((ms) => at(ms).look(depth({ leased: 11 })))).toEqual(['stay', 'others finish the rest']);
  });

  it.each([
    ['one worker holds what three are wanted for', { leased: 21, holders: 1 }, 'stay'],
    ['three workers hold it', { leased: 21, holders: 3 }, 'others finish the rest'],
    ['each holds one', { leased: 30, holders: 30 }, 'others finish the rest'],
  ])('goes by who holds the rest where the broker tells, whatever its own chunks were like: %s', (_, over, verdict) => {
    for (const oneByOne of [true, false]) {
      const { at } = idleAt(oneByOne);
      expect([0, 1500].map((ms) => at(ms).look(depth(over)))).toEqual(['stay', verdict]);
    }
  });

  it.each([
    ['chunks wait for a worker', { ready: 1 }],
    ['a retry will fall due', { delayed: 1 }],
    ['a retry will fall due beside leased chunks', { delayed: 1, leased: 4 }],
    ['a lease looks orphaned', { leased: 2, stale: 1 }],
  ])('stays where %s, up to the idle timeout', (_, over) => {
    const { at } = idleAt();
    expect([0, 1500, 29_999, 30_000].map((ms) => at(ms).look(depth(over)))).toEqual([
      'stay',
      'stay',
      'stay',
      'idle timeout',
    ]);
  });

  it('has drained rather than timed out where both are true', () => {
    const { at } = idleAt();
    at(0).look(depth({ ready: 1 }));
    expect(at(60_000).look(depth())).toBe('drained');
  });

  it('stays where the broker could not be asked, up to the idle timeout', () => {
    const { at } = idleAt();
    expect([0, 29_999, 30_000].map((ms) => at(ms).look(undefined))).toEqual(['stay', 'stay', 'idle timeout']);
  });

  it('begins to count anew after it had work', () => {
    const { at } = idleAt();
    at(0).look(depth({ ready: 1 }));
    at(29_000).busy();
    expect(at(31_000).look(depth({ ready: 1 }))).toBe('stay');
    expect(at(60_999).look(depth({ ready: 1 }))).toBe('stay');
    expect(at(61_000).look(depth({ ready: 1 }))).toBe('idle timeout');
  });

  it('counts from its first look, not from its start', () => {
    const { at } = idleAt();
    expect(at(500_000).look(depth({ leased: 1 }))).toBe('stay');
  });

  it('leaves after the idle timeout where that is shorter than the look on', () => {
    let now = 0;
    const idle = new ExitPolicy(
      { timeoutSeconds: 1, chunksPerWorker: 10, silenceMs: 0, lagMs: 0 },
      { oneByOne: false },
      () => now,
    );
    idle.look(depth({ leased: 1 }));
    now = 1000;
    expect(idle.look(depth({ leased: 1 }))).toBe('idle timeout');
  });
});
