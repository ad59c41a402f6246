import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Broker, Depth } from '../../core/broker/port.js';
import { piecesToRepublish } from '../../seeder/republish.js';
import { ledgerOf, logOf, planRecord, resultRecord, seededRecord } from './support.js';

const plan = planRecord(50);
const records = [plan, seededRecord(0, 49), resultRecord(0, 9)];
const lost = [{ start: 10, end: 49 }];
const empty: Depth = { ready: 0, leased: 0, stale: 0, delayed: 0, dead: 0, parked: 0 };

/** On a broker that cannot list its queue, and tells these depths one after the other, the last one for good. */
async function search(...depths: Partial<Depth>[]) {
  let looks = 0;
  let refused: string | undefined;
  const broker: Pick<Broker, 'traits' | 'depth' | 'records'> = {
    traits: { listsQueue: false, deletesRecords: false, silenceMs: 0, lagMs: 0, quietMs: 40 },
    depth: async () => ({ ...empty, ...depths[Math.min(looks++, depths.length - 1)] }),
    records: () => logOf(records),
  };
  const pieces = await piecesToRepublish({
    broker: broker as Broker,
    plan,
    ledger: await ledgerOf(...records),
    queued: undefined,
    log: pino({ level: 'silent' }),
    stop: new AbortController().signal,
    refused: (why) => (refused = why),
  });
  return { pieces, refused, looks };
}

describe('what was lost from a queue that cannot be listed', () => {
  it('is what has no record, once the queue stayed empty', async () => {
    expect(await search({})).toEqual({ pieces: lost, refused: undefined, looks: 8 });
  });

  it('is nothing while chunks are ready or delayed, which is seen at the first look', async () => {
    expect(await search({ ready: 1 })).toMatchObject({ pieces: [], looks: 1 });
    expect(await search({ delayed: 1 })).toMatchObject({ pieces: [], looks: 1 });
  });

  it('is found though the number of held chunks, which is told late, is not 0 at first', async () => {
    expect(await search({ leased: 3 }, { leased: 3 }, {})).toEqual({ pieces: lost, refused: undefined, looks: 10 });
  });

  it('is found though that number rises while the queue is watched, and the watch begins anew', async () => {
    expect(await search({}, {}, { leased: 3 }, {})).toEqual({ pieces: lost, refused: undefined, looks: 11 });
  });

  it('is nothing while chunks are held for longer than that number may be late', async () => {
    const { pieces, refused } = await search({ leased: 3 });
    expect(pieces).toEqual([]);
    expect(refused).toMatch(/3 held by workers/);
  });

  it('is nothing where chunks come up while the queue is watched', async () => {
    expect(await search({}, {}, { ready: 1 })).toMatchObject({ pieces: [], looks: 3 });
  });
});
