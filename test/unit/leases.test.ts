import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LeaseLost } from '../../core/runtime/errors.js';
import { LeaseKeeper, type Leased } from '../../worker/leases.js';

const lines: string[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

function leased(extend: () => Promise<void> = () => Promise.resolve()): Leased & { heartbeats: () => number } {
  const extendLease = vi.fn(extend);
  return { extendLease, heartbeats: () => extendLease.mock.calls.length };
}

describe('the lease keeper', () => {
  beforeEach(() => {
    lines.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it('sends three heartbeats within a lease for everything it holds', async () => {
    using keeper = new LeaseKeeper(6000, log);
    const [a, b] = [leased(), leased()];
    keeper.hold([a, b]);
    await vi.advanceTimersByTimeAsync(6000);
    expect([a.heartbeats(), b.heartbeats()]).toEqual([3, 3]);
  });

  it('sends one heartbeat a turn for what it was given twice', async () => {
    using keeper = new LeaseKeeper(6000, log);
    const a = leased();
    keeper.hold([a]);
    keeper.hold([a]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(a.heartbeats()).toBe(1);
  });

  it('sends none for what it let go', async () => {
    using keeper = new LeaseKeeper(6000, log);
    const [a, b] = [leased(), leased()];
    keeper.hold([a, b]);
    keeper.letGo(a);
    await vi.advanceTimersByTimeAsync(6000);
    expect([a.heartbeats(), b.heartbeats()]).toEqual([0, 3]);
  });

  it('knows a lease that was lost, stops its heartbeats, and keeps the others', async () => {
    using keeper = new LeaseKeeper(6000, log);
    const [lost, kept] = [leased(() => Promise.reject(new LeaseLost('taken'))), leased()];
    keeper.hold([lost, kept]);
    expect(keeper.isLost(lost)).toBe(false);
    await vi.advanceTimersByTimeAsync(6000);
    expect([keeper.isLost(lost), keeper.isLost(kept)]).toEqual([true, false]);
    expect([lost.heartbeats(), kept.heartbeats()]).toEqual([1, 3]);
  });

  it('goes on after a heartbeat that failed for another reason, and says so', async () => {
    using keeper = new LeaseKeeper(6000, log);
    const a = leased(() => Promise.reject(new Error('ECONNRESET')));
    keeper.hold([a]);
    await vi.advanceTimersByTimeAsync(6000);
    expect([keeper.isLost(a), a.heartbeats()]).toEqual([false, 3]);
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 40, msg: 'heartbeat failed', error: 'ECONNRESET' });
  });

  it('sends nothing after its end', async () => {
    const keeper = new LeaseKeeper(6000, log);
    const a = leased();
    keeper.hold([a]);
    keeper[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(a.heartbeats()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
