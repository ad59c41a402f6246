/**
 * Properties of the ledger: what a run comes to depends on its values, and on nothing that brokers and workers do to
 * records.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalSet, type Interval } from '../../core/model/interval.js';
import { makeReport } from '../../core/ledger/report.js';
import type { Value } from '../../core/model/value.js';
import { judge } from '../../core/ledger/verdict.js';
import type { LogRecord, ResultRecord } from '../../core/wire/records.js';
import { deadRecord, ledgerOf, planRecord, resultRecord } from './support.js';

const TOTAL = 60;

/** The run cut at these borders. */
function cutAt(borders: readonly number[]): Interval[] {
  const sorted = [...new Set([0, ...borders, TOTAL])].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, i) => ({ start, end: (sorted[i + 1] as number) - 1 }));
}

const cuts = fc.array(fc.integer({ min: 1, max: TOTAL - 1 }), { maxLength: 10 }).map(cutAt);
const recordsOf = (pieces: readonly Interval[]): ResultRecord[] =>
  pieces.map(({ start, end }) => resultRecord(start, end));
const whole = resultRecord(0, TOTAL - 1);

describe('the ledger', () => {
  it('comes to the same digest, sum and counts in whatever order records arrive, however often', async () => {
    const log = cuts.chain((pieces) => {
      const records = recordsOf(pieces);
      const again = fc.subarray(records);
      return again.chain((more) =>
        fc.shuffledSubarray([...records, ...more], { minLength: records.length + more.length }),
      );
    });
    await fc.assert(
      fc.asyncProperty(log, async (records) => {
        const ledger = await ledgerOf(planRecord(TOTAL), ...records);
        const verdict = judge(ledger);
        expect(verdict).toMatchObject({ outcome: 'complete', digest: whole.digest, sum: whole.summary.sum });
        expect(verdict.parameters).toEqual({ expected: TOTAL, ok: TOTAL, dead: 0, missing: 0, duplicated: 0 });
        expect(verdict.records).toBe(records.length);
      }),
    );
  });

  it('counts each parameter once where a chunk was split and completed too, in whatever order', async () => {
    const log = cuts.chain((pieces) =>
      fc.nat(pieces.length - 1).chain((at) => {
        const chunk = pieces[at] as Interval;
        const middle = Math.floor((chunk.start + chunk.end) / 2);
        const parts =
          middle < chunk.end
            ? [
                { start: chunk.start, end: middle },
                { start: middle + 1, end: chunk.end },
              ]
            : [];
        const all = recordsOf([...pieces, ...parts]);
        return fc.shuffledSubarray(all, { minLength: all.length });
      }),
    );
    await fc.assert(
      fc.asyncProperty(log, async (records) => {
        const verdict = judge(await ledgerOf(planRecord(TOTAL), ...records));
        expect(verdict).toMatchObject({
          outcome: 'complete',
          digest: whole.digest,
          sum: whole.summary.sum,
          conflicts: [],
        });
      }),
    );
  });

  it('has the aggregate of each column once where some records cover others, in whatever order', async () => {
    const valueOf = (i: number): Value =>
      [NaN, i / 7, { a: i / 3, b: i }, { a: i % 4 === 0 ? NaN : 1e308, c: 'x' }, 'text', { b: -Infinity }][
        i % 6
      ] as Value;
    const record = ({ start, end }: Interval) => resultRecord(start, end, { compute: valueOf });
    const expected = makeReport(await ledgerOf(planRecord(TOTAL), record({ start: 0, end: TOTAL - 1 })));
    // Some pieces are missing, and come only within a larger one.
    const log = fc.tuple(cuts, cuts).chain(([pieces, coarse]) =>
      fc.subarray(pieces).chain((some) => {
        const whole = { start: 0, end: TOTAL - 1 };
        return fc.shuffledSubarray([...some, ...coarse, whole].map(record), {
          minLength: some.length + coarse.length + 1,
        });
      }),
    );
    const { columns, ...figures } = expected;
    const close = (n: number | null): unknown => (n === null ? null : expect.closeTo(n, 9));
    await fc.assert(
      fc.asyncProperty(log, async (records) => {
        const ledger = await ledgerOf(planRecord(TOTAL), ...records);
        // Records that overlap in part leave gaps, which is no matter of aggregates.
        fc.pre(ledger.isFinished && ledger.covered.count === TOTAL);
        const report = makeReport(ledger);
        const { sum, min, max, nan, infinite, other } = figures;
        expect(report).toMatchObject({ sum, min, max, nan, infinite, other, tooManyColumns: false });
        expect(report.columns).toEqual(
          columns.map((column) => ({ ...column, standardDeviation: close(column.standardDeviation) })),
        );
        expect(report.standardDeviation).toEqual(close(figures.standardDeviation));
        expect(judge(ledger)).toMatchObject({ outcome: 'complete', sum, nan, infinite, other });
      }),
    );
  });

  it('misses exactly what has neither result nor dead record, and a result outranks a dead one', async () => {
    const log = cuts.chain((pieces) =>
      fc.tuple(fc.subarray(pieces), fc.subarray(pieces)).chain(([done, dead]) => {
        const records: LogRecord[] = [...recordsOf(done), ...dead.map(({ start, end }) => deadRecord(start, end))];
        return fc.record({
          done: fc.constant(done),
          dead: fc.constant(dead),
          records: fc.shuffledSubarray(records, { minLength: records.length }),
        });
      }),
    );
    await fc.assert(
      fc.asyncProperty(log, async ({ done, dead, records }) => {
        const ledger = await ledgerOf(planRecord(TOTAL), ...records);
        const accounted = IntervalSet.of([...done, ...dead]);
        expect(ledger.missing()).toEqual(accounted.gaps({ start: 0, end: TOTAL - 1 }));
        const covered = IntervalSet.of(done);
        expect(ledger.covered.count).toBe(covered.count);
        expect(ledger.dead().count).toBe(accounted.count - covered.count);
      }),
    );
  });

  it('never calls a run complete that has a conflict', async () => {
    const log = cuts.chain((pieces) => {
      const records = recordsOf(pieces);
      return fc.nat(records.length - 1).chain((at) => {
        const other = { ...(records[at] as ResultRecord), digest: 'f'.repeat(32) };
        return fc.shuffledSubarray([...records, other], { minLength: records.length + 1 });
      });
    });
    await fc.assert(
      fc.asyncProperty(log, async (records) => {
        expect(judge(await ledgerOf(planRecord(TOTAL), ...records)).outcome).toBe('incomplete');
      }),
    );
  });
});
