import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { patientDepth } from '../../core/broker/patience.js';
import type { Depth } from '../../core/broker/port.js';

const DEPTH = { ready: 1 } as Depth;
const never = new AbortController().signal;

/** Statistics that answer from the `n`th time on. */
function silentUntil(n: number): { depth: () => Promise<Depth>; asked: () => number } {
  let asked = 0;
  const depth = async (): Promise<Depth> => {
    if (++asked < n) throw new Error(`no statistics yet (${asked})`);
    return DEPTH;
  };
  return { depth, asked: () => asked };
}

describe('the depth of a queue', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is asked for until it is told', async () => {
    const broker = silentUntil(8);
    const depth = patientDepth(broker, never);
    await vi.runAllTimersAsync();
    expect(await depth).toBe(DEPTH);
    expect(broker.asked()).toBe(8);
  });

  it("ends with the broker's own error when patience is over", async () => {
    const broker = silentUntil(Infinity);
    const failure = patientDepth(broker, never, 5000).catch((error: Error) => error.message);
    await vi.advanceTimersByTimeAsync(4999);
    const asked = broker.asked();
    await vi.advanceTimersByTimeAsync(1);
    expect(await failure).toBe(`no statistics yet (${asked + 1})`);
  });

  it('is asked for once more at the most after a signal', async () => {
    const stop = new AbortController();
    const broker = silentUntil(Infinity);
    const failure = patientDepth(broker, stop.signal).catch((error: Error) => error.message);
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    expect(await failure).toMatch(/no statistics yet \([12]\)/);
  });
});
