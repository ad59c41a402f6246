import { describe, expect, it } from 'vitest';
import { makeReport, progressOf } from '../../core/ledger/report.js';
import { deadRecord, ledgerOf, planRecord, resultRecord, seededRecord } from './support.js';

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

const run = [
  planRecord(40),
  seededRecord(0, 39, { firstConfirmedAt: at(0), confirmedAt: at(1) }),
  resultRecord(10, 19, { workerId: 'w2', startedAt: at(3), completedAt: at(8), durationSeconds: 5 }),
  resultRecord(0, 9, { workerId: 'w1', startedAt: at(2), completedAt: at(5), durationSeconds: 3 }),
  resultRecord(20, 39, { workerId: 'w1', startedAt: at(5), completedAt: at(10), durationSeconds: 4.5, attempt: 2 }),
];

describe('the report of a run', () => {
  it('gives its figures from the first chunk in the queue to the last result', async () => {
    expect(makeReport(await ledgerOf(...run))).toMatchObject({
      runId: 'run-1',
      parameters: 40,
      chunks: 3,
      wallSeconds: 10,
      firstStartSeconds: 2,
      parametersPerSecond: 4,
      busySeconds: 12.5,
      parallelism: 1.25,
      recovered: 1,
    });
  });

  it('gives sum, minimum, maximum and average of the whole run', async () => {
    const { summary } = resultRecord(0, 39);
    expect(makeReport(await ledgerOf(...run))).toMatchObject({
      sum: summary.sum,
      min: summary.min,
      max: summary.max,
      average: Number(summary.sum) / 40,
    });
  });

  it('says who did what, the busiest first', async () => {
    expect(makeReport(await ledgerOf(...run)).workers).toEqual([
      { workerId: 'w1', chunks: 2, parameters: 30, busySeconds: 7.5 },
      { workerId: 'w2', chunks: 1, parameters: 10, busySeconds: 5 },
    ]);
  });

  it('counts no chunk twice, be its second record equal or in conflict', async () => {
    const once = makeReport(await ledgerOf(...run));
    const equal = resultRecord(0, 9, { workerId: 'w9', completedAt: at(99), durationSeconds: 50 });
    const other = resultRecord(10, 19, { workerId: 'w9', compute: () => 1 });
    expect(makeReport(await ledgerOf(...run, equal, other))).toEqual(once);
  });

  it('begins with the first computation where nothing says when it was seeded', async () => {
    expect(makeReport(await ledgerOf(...run.filter((r) => r.kind !== 'seeded')))).toMatchObject({
      wallSeconds: 8,
      firstStartSeconds: 0,
    });
  });

  it('has no figures where there are no results', async () => {
    expect(makeReport(await ledgerOf(planRecord(40), seededRecord(0, 39)))).toMatchObject({
      parameters: 0,
      chunks: 0,
      sum: '0',
      min: null,
      max: null,
      average: null,
      wallSeconds: null,
      firstStartSeconds: null,
      parametersPerSecond: null,
      busySeconds: 0,
      parallelism: null,
      workers: [],
    });
  });

  it('has no throughput where everything took no measurable time', async () => {
    expect(makeReport(await ledgerOf(planRecord(10), resultRecord(0, 9)))).toMatchObject({
      wallSeconds: 0,
      parametersPerSecond: null,
      parallelism: null,
    });
  });

  it('lists a thousand recovered chunks and counts all', async () => {
    const many = Array.from({ length: 1200 }, (_, i) => resultRecord(i, i, { attempt: 2 }));
    const { tally } = await ledgerOf(planRecord(1200), ...many);
    expect([tally.recovered.length, tally.recoveredCount]).toEqual([1000, 1200]);
    expect(tally.recovered[0]).toEqual({ chunkId: '0', attempt: 2, workerId: 'w1', completedAt: at(0) });
  });
});

describe('the progress of a run', () => {
  it('counts results and dead parameters once each', async () => {
    expect(
      progressOf(await ledgerOf(planRecord(40), resultRecord(0, 9), resultRecord(0, 9), deadRecord(5, 14))),
    ).toEqual({ total: 40, done: 10, dead: 5 });
  });

  it('is nothing of nothing before the run was seeded', async () => {
    expect(progressOf(await ledgerOf())).toEqual({ total: 0, done: 0, dead: 0 });
  });
});
