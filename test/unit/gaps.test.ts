import { describe, expect, it } from 'vitest';
import { IntervalSet, type Interval } from '../../core/model/interval.js';
import type { LogEntry, LogRecord } from '../../core/wire/records.js';
import { unaccounted, unpublished, readRuns } from '../../seeder/gaps.js';
import { deadRecord, ledgerOf, logOf, planRecord, resultRecord, seededRecord } from './support.js';

const plan = planRecord(50);
const queue = (...intervals: Interval[]): IntervalSet => IntervalSet.of(intervals);

describe('what was never seeded', () => {
  const of = async (...records: LogRecord[]): Promise<Interval[]> =>
    unpublished(plan, await ledgerOf(plan, ...records));

  it('is everything at first', async () => {
    expect(await of()).toEqual([{ start: 0, end: 49 }]);
  });

  it('is nothing once all was published, whether or not it has results', async () => {
    expect(await of(seededRecord(0, 49))).toEqual([]);
  });

  it('is what a seeder that died did not come to', async () => {
    expect(await of(seededRecord(0, 19))).toEqual([{ start: 20, end: 49 }]);
  });

  it('does not include what was published without a mark and has a record by now', async () => {
    expect(await of(seededRecord(0, 19), resultRecord(20, 29), deadRecord(40, 49))).toEqual([{ start: 30, end: 39 }]);
  });

  it('is what an extension adds', async () => {
    expect(unpublished(planRecord(70), await ledgerOf(plan, seededRecord(0, 49)))).toEqual([{ start: 50, end: 69 }]);
  });

  it('is all that has no record once a cancelled run is resumed, also what a seeder published meanwhile', async () => {
    const at = '2026-01-01T00:00:00.000Z';
    const records: LogRecord[] = [
      seededRecord(0, 29),
      resultRecord(0, 9),
      { kind: 'halted', runId: 'run-1', reason: 'cancelled', haltedAt: at },
      seededRecord(30, 39),
    ];
    const resumed: LogRecord = { kind: 'resumed', runId: 'run-1', resumedAt: at };
    expect(await of(...records, resumed)).toEqual([{ start: 10, end: 49 }]);
    expect(await of(...records, resumed, seededRecord(10, 39))).toEqual([{ start: 40, end: 49 }]);
  });

  it('is as little as before where a run was halted by failures, whose chunks are parked', async () => {
    const halted = {
      kind: 'halted',
      runId: 'run-1',
      reason: 'failures',
      haltedAt: '2026-01-01T00:00:00.000Z',
    } as const;
    expect(await of(seededRecord(0, 39), halted)).toEqual([{ start: 40, end: 49 }]);
  });

  it('is not told from the marks of a repair', async () => {
    expect(await of(seededRecord(0, 19), seededRecord(20, 29, { reason: 'repair' }))).toEqual([{ start: 20, end: 49 }]);
  });
});

describe('what was lost', () => {
  const of = async (queued: IntervalSet, ...records: LogRecord[]): Promise<Interval[]> =>
    unaccounted(plan, await ledgerOf(plan, ...records), queued);

  it('is what has no record and is not queued', async () => {
    expect(
      await of(queue({ start: 20, end: 29 }), seededRecord(0, 49), resultRecord(0, 9), deadRecord(30, 39)),
    ).toEqual([
      { start: 10, end: 19 },
      { start: 40, end: 49 },
    ]);
  });

  it('is nothing while everything is queued', async () => {
    expect(await of(queue({ start: 0, end: 49 }), seededRecord(0, 49))).toEqual([]);
  });

  it('is nothing where what is queued has a record too', async () => {
    expect(await of(queue({ start: 0, end: 29 }), resultRecord(0, 49))).toEqual([]);
  });

  it('leaves the ledger as it was', async () => {
    const ledger = await ledgerOf(plan, resultRecord(0, 9), deadRecord(10, 19));
    unaccounted(plan, ledger, queue({ start: 20, end: 49 }));
    expect([ledger.covered.count, ledger.dead().count, ledger.missing()]).toEqual([10, 10, [{ start: 20, end: 49 }]]);
  });
});

describe('the runs of a log', () => {
  it('have a ledger each, and undecodable records belong to none', async () => {
    const other = { runId: 'run-2' };
    const entries = async function* (): AsyncGenerator<LogEntry> {
      yield* logOf([plan, resultRecord(0, 9)]);
      yield { position: '9', undecodable: 'no kind' };
      yield* logOf([planRecord(20, other), resultRecord(0, 19, other)]);
    };
    const runs = await readRuns({ records: entries });
    expect([...runs.keys()]).toEqual(['run-1', 'run-2']);
    expect(runs.get('run-1')?.missing()).toEqual([{ start: 10, end: 49 }]);
    expect(runs.get('run-2')?.missing()).toEqual([]);
  });
});
