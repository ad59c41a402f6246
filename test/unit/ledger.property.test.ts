/**
 * Properties of the ledger: what a run comes to depends on its values, and on nothing that brokers and workers do to
 * records.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalSet, type Interval } from '../../core/model/interval.js';
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
