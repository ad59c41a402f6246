import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Delivery } from '../../core/broker/port.js';
import { LeaseLost } from '../../core/runtime/errors.js';
import { Leases } from '../../worker/leases.js';
import { deliveryOf } from '../support/fake-broker.js';

const lines: string[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

/** How often each delivery got a heartbeat; those in `taken` have gone to another worker. */
function keeper(taken: readonly Delivery[] = [], fail?: Error) {
  const beats = new Map<Delivery, number>();
  let turns = 0;
  const broker = {
    extendLeases: async (deliveries: readonly Delivery[]) => {
      for (const each of deliveries) beats.set(each, (beats.get(each) ?? 0) + 1);
      if (fail) throw fail;
      return deliveries.map((each) => (taken.includes(each) ? new LeaseLost('taken') : undefined));
    },
  };
  const leases = new Leases({ broker, staleThresholdMs: 6000, log, beat: async () => void turns++ });
  return { leases, beats: (delivery: Delivery) => beats.get(delivery) ?? 0, turns: () => turns };
}

describe('the leases of a worker', () => {
  beforeEach(() => {
    lines.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it('are renewed three times within a lease, all of them, each once a turn', async () => {
    const [a, b] = [deliveryOf(0, 9), deliveryOf(10, 19)];
    const { leases, beats, turns } = keeper();
    using held = leases;
    held.hold([a, b]);
    held.hold([a]);
    await vi.advanceTimersByTimeAsync(6000);
    expect([beats(a), beats(b), turns()]).toEqual([3, 3, 3]);
    expect(held.count).toBe(2);
  });

  it('are not renewed any more once they are let go', async () => {
    const [a, b] = [deliveryOf(0, 9), deliveryOf(10, 19)];
    const { leases, beats } = keeper();
    using held = leases;
    held.hold([a, b]);
    held.letGo(a);
    await vi.advanceTimersByTimeAsync(6000);
    expect([beats(a), beats(b)]).toEqual([0, 3]);
  });

  it('that are lost are known with the reason, and the others are kept', async () => {
    const [lost, kept] = [deliveryOf(0, 9), deliveryOf(10, 19)];
    const { leases, beats } = keeper([lost]);
    using held = leases;
    held.hold([lost, kept]);
    expect(held.lost(lost)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(6000);
    expect(held.lost(lost)).toMatchObject({ message: 'taken' });
    expect(held.lost(kept)).toBeUndefined();
    expect([beats(lost), beats(kept)]).toEqual([1, 3]);
  });

  it('survive a heartbeat that failed for another reason, which is told', async () => {
    const a = deliveryOf(0, 9);
    const { leases, beats } = keeper([], new Error('ECONNRESET'));
    using held = leases;
    held.hold([a]);
    await vi.advanceTimersByTimeAsync(6000);
    expect([held.lost(a), beats(a)]).toEqual([undefined, 3]);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 40, msg: 'heartbeat failed', error: 'ECONNRESET' });
  });

  it('get no heartbeat after the end', async () => {
    const a = deliveryOf(0, 9);
    const { leases, beats } = keeper();
    leases.hold([a]);
    leases[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beats(a)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
