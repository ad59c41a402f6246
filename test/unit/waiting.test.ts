import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff, delay } from '../../core/runtime/backoff.js';

describe('backoff', () => {
  const longest = (): number => 1 - Number.EPSILON;
  const shortest = (): number => 0;
  const waits = (tries: number[], random: () => number, first?: number, most?: number): number[] =>
    tries.map((n) => Math.round(backoff(n, first, most, random)));

  it('doubles from the first wait up to the longest', () => {
    expect(waits([1, 2, 3, 4, 5, 6, 7], longest)).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  });

  it('takes its bounds from the caller', () => {
    expect(waits([1, 2, 3, 4], longest, 10, 50)).toEqual([10, 20, 40, 50]);
  });

  it('is a half of that at the least, whatever the number of tries', () => {
    expect(waits([1, 2, 1_000_000], shortest)).toEqual([50, 100, 1000]);
  });

  it('does not bring those back together who failed together', () => {
    expect(new Set(Array.from({ length: 20 }, () => backoff(5))).size).toBeGreaterThan(10);
  });
});

describe('delay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends when its time has passed, and not before', async () => {
    const ended = vi.fn();
    void delay(500).then(ended);
    await vi.advanceTimersByTimeAsync(499);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalled();
  });

  it('ends as soon as the signal aborts, without an error and without a timer left', async () => {
    const stop = new AbortController();
    const waiting = delay(500_000, stop.signal);
    expect(vi.getTimerCount()).toBe(1);
    stop.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not begin where the signal has aborted before', async () => {
    await delay(500_000, AbortSignal.abort());
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no listener on the signal, however often it is used', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      const waiting = delay(10, signal);
      await vi.advanceTimersByTimeAsync(10);
      await waiting;
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
