import { describe, expect, it } from 'vitest';
import { Ledger, readLedger } from '../../core/ledger/ledger.js';
import type { LogRecord } from '../../core/wire/records.js';
import {
  deadRecord,
  ledgerOf,
  logOf,
  planRecord,
  random,
  resultRecord,
  RUN,
  seededRecord,
  shuffled,
} from './support.js';

const wrong = (i: number): number => i + 1000;

describe('the ledger', () => {
  it('knows no plan, and so nothing missing, before the run was seeded', async () => {
    const ledger = await ledgerOf();
    expect(ledger.plan).toBeUndefined();
    expect(ledger.missing()).toEqual([]);
  });

  it('knows everything missing once there is a plan', async () => {
    expect((await ledgerOf(planRecord(25))).missing()).toEqual([{ start: 0, end: 24 }]);
  });

  it('names the parameters that are missing', async () => {
    const ledger = await ledgerOf(planRecord(50), resultRecord(0, 9), resultRecord(30, 39), deadRecord(12, 15));
    expect(ledger.missing()).toEqual([
      { start: 10, end: 11 },
      { start: 16, end: 29 },
      { start: 40, end: 49 },
    ]);
  });

  it('counts after an extension what the larger plan adds as missing', async () => {
    const ledger = await ledgerOf(planRecord(10), resultRecord(0, 9), planRecord(15));
    expect(ledger.plan?.totalParameters).toBe(15);
    expect(ledger.missing()).toEqual([{ start: 10, end: 14 }]);
  });

  it('sums up what a single computation of all parameters gives, whatever the chunks and their order', async () => {
    const whole = await ledgerOf(planRecord(100), resultRecord(0, 99));
    const next = random(3);
    for (const size of [1, 3, 10, 64]) {
      const parts: LogRecord[] = [];
      for (let start = 0; start < 100; start += size) parts.push(resultRecord(start, Math.min(99, start + size - 1)));
      const ledger = await ledgerOf(planRecord(100), ...shuffled(parts, next));
      expect(ledger).toMatchObject({ digest: whole.digest, min: whole.min, max: whole.max, aggregated: 100 });
      expect(ledger.sum.toString()).toBe(whole.sum.toString());
    }
  });

  it('takes a second equal record into no sum, digest or count', async () => {
    const once = await ledgerOf(planRecord(20), resultRecord(0, 9), resultRecord(10, 19));
    const again = resultRecord(0, 9, {
      workerId: 'w2',
      attempt: 2,
      startedAt: '2026-01-02T00:00:00Z',
      durationSeconds: 9,
    });
    const twice = await ledgerOf(planRecord(20), resultRecord(0, 9), resultRecord(10, 19), again, again);
    expect(twice).toMatchObject({
      results: 4,
      deduplicated: 2,
      aggregated: 20,
      conflicts: [],
      digest: once.digest,
      min: once.min,
      max: once.max,
    });
    expect(twice.sum.toString()).toBe(once.sum.toString());
    expect(twice.tally.workers()).toEqual(once.tally.workers());
  });

  it('shows both values of records that contradict each other, and counts the first', async () => {
    const first = resultRecord(10, 19);
    const second = resultRecord(10, 19, { compute: wrong, workerId: 'w2', attempt: 2 });
    const ledger = await ledgerOf(planRecord(20), first, second);
    expect(ledger.conflicts).toMatchObject([
      {
        start: 10,
        end: 19,
        first: { workerId: 'w1', attempt: 1, digest: first.digest, summary: first.summary },
        second: { workerId: 'w2', attempt: 2, digest: second.digest, summary: second.summary },
      },
    ]);
    expect(ledger).toMatchObject({ results: 2, deduplicated: 0, aggregated: 10, digest: first.digest });
  });

  it('tells equal records from conflicting ones among several for the same parameters', async () => {
    const ledger = await ledgerOf(
      planRecord(10),
      resultRecord(0, 9),
      resultRecord(0, 9, { workerId: 'w2' }),
      resultRecord(0, 9, { compute: wrong, workerId: 'w3' }),
      resultRecord(0, 9, { workerId: 'w4' }),
    );
    expect(ledger.deduplicated).toBe(2);
    expect(ledger.conflicts.map((c) => c.second.workerId)).toEqual(['w3']);
  });

  it('finds a conflict behind a sum, minimum and maximum that agree', async () => {
    const swapped = (i: number): number => [13, 27.2, 20.1][i] as number;
    const ledger = await ledgerOf(planRecord(3), resultRecord(0, 2), resultRecord(0, 2, { compute: swapped }));
    expect(ledger.conflicts).toHaveLength(1);
    const { sum, min, max } = ledger.conflicts[0]?.second.summary ?? {};
    expect(ledger.conflicts[0]?.first.summary).toMatchObject({ sum, min, max });
  });

  it.each([
    ['after', [deadRecord(10, 19), resultRecord(10, 19)]],
    ['before', [resultRecord(10, 19), deadRecord(10, 19)]],
  ])('lets a result that came %s the dead letter outrank it', async (_, records) => {
    const ledger = await ledgerOf(planRecord(20), resultRecord(0, 9), ...records);
    expect(ledger.dead().count).toBe(0);
    expect(ledger.deadRecords()).toEqual([]);
    expect(ledger.missing()).toEqual([]);
    expect(ledger.covered.count).toBe(20);
  });

  it('keeps of a dead chunk those parameters that have no result', async () => {
    const ledger = await ledgerOf(planRecord(20), deadRecord(0, 9), resultRecord(3, 5), resultRecord(10, 19));
    expect(ledger.dead().intervals()).toEqual([
      { start: 0, end: 2 },
      { start: 6, end: 9 },
    ]);
    expect(ledger.deadRecords()).toHaveLength(1);
    expect(ledger.missing()).toEqual([]);
  });

  it('counts parameters that died twice once', async () => {
    const ledger = await ledgerOf(planRecord(10), deadRecord(0, 9), deadRecord(0, 9));
    expect(ledger.dead().count).toBe(10);
  });

  it('leaves a record that overlaps another in part out of the aggregate, and its rest missing', async () => {
    const ledger = await ledgerOf(planRecord(20), resultRecord(0, 9), resultRecord(5, 14));
    expect(ledger).toMatchObject({ aggregated: 10, results: 2, digest: resultRecord(0, 9).digest });
    expect(ledger.missing()).toEqual([{ start: 10, end: 19 }]);
  });

  it('takes no part of another run', async () => {
    const other = { runId: 'run-2' };
    const ledger = await ledgerOf(
      planRecord(10),
      planRecord(999, other),
      resultRecord(0, 4),
      resultRecord(0, 9, other),
      deadRecord(5, 9, other),
      seededRecord(0, 998, other),
    );
    expect(ledger.plan?.totalParameters).toBe(10);
    expect(ledger).toMatchObject({ results: 1, deduplicated: 0, aggregated: 5, seeded: [] });
    expect(ledger.missing()).toEqual([{ start: 5, end: 9 }]);
  });

  it('does not take an equal interval of another run for a conflict', async () => {
    const ledger = await ledgerOf(
      planRecord(10),
      resultRecord(0, 9, { runId: 'run-2', compute: wrong }),
      resultRecord(0, 9),
      resultRecord(0, 9),
    );
    expect(ledger).toMatchObject({ deduplicated: 1, conflicts: [] });
  });

  it('keeps where an undecodable record is and why it is one', () => {
    const ledger = new Ledger(RUN);
    ledger.add({ position: '17-0', undecodable: 'no kind' });
    ledger.compare({ position: '17-0', undecodable: 'no kind' });
    expect(ledger.undecodable).toEqual([{ position: '17-0', reason: 'no kind' }]);
  });

  it('lists what was seeded in the order of the log', async () => {
    const ledger = await ledgerOf(planRecord(20), seededRecord(0, 9), seededRecord(10, 19, { reason: 'resume' }));
    expect(ledger.seeded.map((s) => [s.start, s.reason])).toEqual([
      [0, 'initial'],
      [10, 'resume'],
    ]);
  });
});

describe('reading the ledger', () => {
  async function readingsOf(records: LogRecord[]): Promise<number> {
    let readings = 0;
    await readLedger(() => {
      readings++;
      return logOf(records);
    }, RUN);
    return readings;
  }

  it('reads the log once where no record came twice', async () => {
    expect(await readingsOf([planRecord(20), resultRecord(0, 9), resultRecord(10, 19)])).toBe(1);
  });

  it('reads the log a second time to compare what came twice', async () => {
    expect(await readingsOf([planRecord(20), resultRecord(0, 9), resultRecord(0, 9)])).toBe(2);
  });

  it('is not misled by records that were appended between the two readings', async () => {
    const early = [planRecord(20), resultRecord(0, 9), resultRecord(0, 9)];
    const late = [...early, resultRecord(0, 9, { compute: wrong }), resultRecord(10, 19)];
    let readings = 0;
    const ledger = await readLedger(() => logOf(readings++ === 0 ? early : late), RUN);
    expect(ledger).toMatchObject({ results: 2, deduplicated: 1, aggregated: 10, conflicts: [] });
  });
});
