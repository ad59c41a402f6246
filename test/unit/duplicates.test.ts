/** A chunk that was split and also completed: records with different borders for the same parameters. */
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import type { ResultRecord } from '../../core/wire/records.js';
import { deadRecord, ledgerOf, planRecord, random, resultRecord, shuffled } from './support.js';

const wrong = (i: number): number => i + 1000;
const whole = await ledgerOf(planRecord(100), resultRecord(0, 99));
const rest = [resultRecord(10, 49), resultRecord(50, 99)];

const same = { digest: whole.digest, min: whole.min, max: whole.max, aggregated: 100, conflicts: [] };

describe('a chunk and its pieces', () => {
  it('count the chunk when it came first', async () => {
    const ledger = await ledgerOf(planRecord(100), ...rest, resultRecord(0, 9), resultRecord(0, 4), resultRecord(5, 9));
    expect(ledger).toMatchObject({ ...same, deduplicated: 2 });
  });

  it('count the pieces when they came first', async () => {
    const ledger = await ledgerOf(planRecord(100), resultRecord(0, 4), resultRecord(5, 9), resultRecord(0, 9), ...rest);
    expect(ledger).toMatchObject({ ...same, deduplicated: 1 });
  });

  it('leave no parameter missing when the chunk came between two pieces, or after one whose sibling was never published', async () => {
    for (const later of [[resultRecord(5, 9)], []]) {
      const ledger = await ledgerOf(planRecord(100), resultRecord(0, 4), resultRecord(0, 9), ...later, ...rest);
      expect(ledger.missing()).toEqual([]);
      expect(ledger).toMatchObject({ ...same, deduplicated: later.length });
      expect(ledger.sum.toString()).toBe(whole.sum.toString());
    }
  });

  it('leave no parameter missing where a piece was split too, and the siblings were never published', async () => {
    const pieces = [resultRecord(0, 1), resultRecord(0, 4), resultRecord(0, 9)];
    const ledger = await ledgerOf(planRecord(100), ...pieces, ...rest);
    expect(ledger.missing()).toEqual([]);
    expect(ledger).toMatchObject(same);
    expect(ledger.sum.toString()).toBe(whole.sum.toString());
  });

  it('are a conflict where the chunk, needed for what its pieces lack, was recorded twice with other values', async () => {
    const records = [resultRecord(0, 4), resultRecord(0, 9), resultRecord(0, 9, { compute: wrong })];
    expect((await ledgerOf(planRecord(100), ...records, ...rest)).conflicts).toMatchObject([{ start: 0, end: 9 }]);
  });

  it('give the same aggregate in every order', async () => {
    const records = [
      resultRecord(0, 9),
      resultRecord(0, 4),
      resultRecord(5, 9),
      resultRecord(5, 6),
      resultRecord(7, 9),
      resultRecord(10, 19),
      resultRecord(10, 14),
      resultRecord(20, 99),
      resultRecord(20, 99, { workerId: 'w2' }),
    ];
    const next = random(11);
    for (let i = 0; i < 200; i++) {
      const ledger = await ledgerOf(planRecord(100), ...shuffled(records, next));
      expect(ledger.missing()).toEqual([]);
      expect(ledger).toMatchObject(same);
      expect(ledger.sum.toString()).toBe(whole.sum.toString());
    }
  });

  it('lets results outrank what died of the other, whichever came first', async () => {
    const ledger = await ledgerOf(
      planRecord(100),
      deadRecord(7, 7),
      resultRecord(0, 9),
      resultRecord(0, 6),
      resultRecord(8, 9),
      ...rest,
    );
    expect(ledger.dead().count).toBe(0);
    expect(ledger).toMatchObject(same);
  });

  it.each([
    ['pieces, then the chunk', [resultRecord(0, 4), resultRecord(5, 9), resultRecord(0, 9, { compute: wrong })]],
    ['the chunk, then pieces', [resultRecord(0, 9), resultRecord(0, 4), resultRecord(5, 9, { compute: wrong })]],
  ])('are a conflict where their values differ: %s', async (_, records: ResultRecord[]) => {
    const ledger = await ledgerOf(planRecord(100), ...records, ...rest);
    expect(ledger.conflicts).toMatchObject([{ start: 0, end: 9 }]);
    expect(ledger.deduplicated).toBe(0);
    expect(ledger.aggregated).toBe(100);
  });

  it('are a conflict where pieces differ from a chunk that was recorded twice alike', async () => {
    const pieces = [resultRecord(0, 4), resultRecord(5, 9, { compute: wrong })];
    const ledger = await ledgerOf(planRecord(100), resultRecord(0, 9), resultRecord(0, 9), ...pieces, ...rest);
    expect(ledger.conflicts).toMatchObject([{ start: 0, end: 9 }]);
    expect(ledger.deduplicated).toBe(1);
  });

  it('tell finished from unfinished before the second reading', async () => {
    const ledger = new Ledger('run-1');
    for (const record of [planRecord(10), resultRecord(0, 4)]) ledger.add({ position: '', record });
    expect(ledger.isFinished).toBe(false);
    ledger.add({ position: '', record: resultRecord(0, 9) });
    expect(ledger.isFinished).toBe(true);
  });
});
