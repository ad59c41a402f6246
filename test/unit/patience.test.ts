import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eachWithin, patientDepth, within } from '../../core/broker/patience.js';
import type { Depth } from '../../core/broker/port.js';
import { BrokerAway } from '../../core/runtime/errors.js';

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

describe('an answer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Two at once, then none for ever. */
  async function* twoThenSilence(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    await new Promise(() => {});
  }

  it("that comes in time is the caller's, be it an error", async () => {
    expect(await within(Promise.resolve('yes'), 1000)).toBe('yes');
    await expect(within(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that does not come is the news that the broker is away', async () => {
    const failure = within(new Promise(() => {}), 1000).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await failure).toBeInstanceOf(BrokerAway);
  });

  it('may take its time for each of many, however long they take together', async () => {
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of eachWithin(twoThenSilence(), 1000)) {
        seen.push(n);
        await new Promise((resolve) => setTimeout(resolve, 5000));
      }
    })().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_999);
    expect(seen).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await reading).toBeInstanceOf(BrokerAway);
  });

  it('ends what is read when its reader has enough', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield 1;
      } finally {
        ended = true;
      }
    }
    for await (const _one of eachWithin(endless(), 1000)) break;
    expect(ended).toBe(true);
  });
});
