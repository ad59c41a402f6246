import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { graceAfter } from '../../worker/grace.js';

describe('the grace period', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const phaseAfter = async (seconds: number, ms: number): Promise<string> => {
    const stop = new AbortController();
    const { computing, settling } = graceAfter(stop.signal, seconds);
    stop.abort();
    await vi.advanceTimersByTimeAsync(ms);
    return settling.aborted ? 'over' : computing.aborted ? 'settling' : 'computing';
  };

  it.each([
    [20, 15_999, 'computing'],
    [20, 16_000, 'settling'],
    [20, 17_999, 'settling'],
    [20, 18_000, 'over'],
    [2, 999, 'computing'],
    [2, 1000, 'settling'],
    [2, 1500, 'over'],
  ])(
    'of %i s is after %i ms the time of %s: the broker has time for what is not finished',
    async (seconds, ms, phase) => {
      expect(await phaseAfter(seconds, ms)).toBe(phase);
    },
  );

  it('does not begin before the stop, and at once where that was earlier', async () => {
    const { computing } = graceAfter(new AbortController().signal, 1);
    const late = graceAfter(AbortSignal.abort(), 1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([computing.aborted, late.computing.aborted]).toEqual([false, true]);
  });
});
