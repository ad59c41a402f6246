import { describe, expect, it } from 'vitest';
import { expectedOf } from '../../compute/expected.js';
import { IntervalSet } from '../../core/model/interval.js';
import { Ledger } from '../../core/ledger/ledger.js';
import type { LogRecord } from '../../core/wire/records.js';
import { judge, type Verdict } from '../../core/ledger/verdict.js';
import { deadRecord, ledgerOf, planRecord, resultRecord, RUN } from './support.js';

async function verdictOf(...records: LogRecord[]): Promise<Verdict> {
  const ledger = await ledgerOf(...records);
  return judge(ledger, expectedOf(ledger));
}

const whole = [planRecord(30), resultRecord(0, 9), resultRecord(10, 19), resultRecord(20, 29)];

describe('the verdict', () => {
  it('is complete where every parameter has one result', async () => {
    expect(await verdictOf(...whole)).toMatchObject({
      outcome: 'complete',
      faults: [],
      parameters: { expected: 30, ok: 30, dead: 0, missing: 0, duplicated: 0 },
      deduplicated: 0,
      records: 3,
    });
  });

  it('is complete with dead parameters where some parameters are dead letters, which it shows', async () => {
    const verdict = await verdictOf(planRecord(30), resultRecord(0, 9), deadRecord(10, 19), resultRecord(20, 29));
    expect(verdict).toMatchObject({
      outcome: 'complete with dead parameters',
      parameters: { ok: 20, dead: 10, missing: 0 },
      dead: [{ start: 10, end: 19, error: 'boom' }],
    });
  });

  it('is complete with dead parameters where every parameter is a dead letter, without minimum and maximum', async () => {
    expect(await verdictOf(planRecord(10), deadRecord(0, 9))).toMatchObject({
      outcome: 'complete with dead parameters',
      sum: '0',
      min: null,
      max: null,
    });
  });

  it('names the parameters that are missing, and the remedy', async () => {
    const verdict = await verdictOf(planRecord(30), resultRecord(0, 9), resultRecord(20, 28));
    expect(verdict).toMatchObject({
      outcome: 'incomplete',
      parameters: { missing: 11 },
      missing: [
        { start: 10, end: 19 },
        { start: 29, end: 29 },
      ],
    });
    expect(verdict.faults).toEqual([
      expect.stringMatching(/11 of 30 parameters .*: 10–19, 29\. .*seed the same run again/),
    ]);
  });

  it('is not complete where nothing was seeded', async () => {
    const verdict = await verdictOf(resultRecord(0, 9));
    expect(verdict.outcome).toBe('incomplete');
    expect(verdict.faults).toEqual([expect.stringMatching(/no plan of run-1.*seeder's log/)]);
  });

  it('reports equal records as deduplicated and stays complete', async () => {
    const verdict = await verdictOf(...whole, resultRecord(0, 9, { workerId: 'w2', attempt: 2 }));
    expect(verdict).toMatchObject({ outcome: 'complete', deduplicated: 1, records: 4, parameters: { duplicated: 0 } });
    expect(verdict.sum).toBe((await verdictOf(...whole)).sum);
  });

  it('is not complete where records contradict each other, and shows both values', async () => {
    const verdict = await verdictOf(...whole, resultRecord(0, 9, { compute: (i) => i, workerId: 'w2' }));
    expect(verdict.outcome).toBe('incomplete');
    expect(verdict.faults).toEqual([
      expect.stringMatching(
        /1 interval has unequal results \(0–9: sum 449\.5 by w1, then 45 by w2\).*not deterministic/,
      ),
    ]);
  });

  it('is not complete where the log holds results outside the plan', async () => {
    const verdict = await verdictOf(...whole, resultRecord(30, 39));
    expect(verdict.outcome).toBe('incomplete');
    expect(verdict.faults).toEqual([expect.stringMatching(/40 results .*outside it/)]);
  });

  it('is not complete where the log holds dead letters outside the plan', async () => {
    expect(await verdictOf(...whole, deadRecord(30, 39))).toMatchObject({ outcome: 'incomplete' });
  });

  it('is not complete where a result outside the plan makes up for one that is missing', async () => {
    expect(await verdictOf(planRecord(30), resultRecord(0, 19), resultRecord(30, 39))).toMatchObject({
      outcome: 'incomplete',
      parameters: { missing: 10 },
    });
  });

  it('does not take the results of another run for those of this one', async () => {
    const verdict = await verdictOf(planRecord(20), resultRecord(0, 9), resultRecord(10, 19, { runId: 'run-2' }));
    expect(verdict.missing).toEqual([{ start: 10, end: 19 }]);
  });

  it('counts chunks whose earlier attempt died', async () => {
    expect(await verdictOf(planRecord(20), resultRecord(0, 9, { attempt: 3 }), resultRecord(10, 19))).toMatchObject({
      outcome: 'complete',
      recovered: 1,
    });
  });
});

describe('the check against what the built-in computation must give', () => {
  it('catches one value that is wrong', async () => {
    const verdict = await verdictOf(
      planRecord(10),
      resultRecord(0, 9, { compute: (i) => (i === 4 ? 41.41 : Number(resultRecord(i, i).summary.sum)) }),
    );
    expect(verdict.outcome).toBe('incomplete');
    expect(verdict.faults).toEqual([expect.stringMatching(/the sum is 449\.51, but .* 44950 × 10\^-2/)]);
  });

  it('catches a wrong minimum behind a sum that is right', async () => {
    const verdict = await verdictOf(
      planRecord(10),
      resultRecord(0, 9, { compute: (i) => Number(resultRecord(i, i).summary.sum) + (i === 0 ? -1 : i === 4 ? 1 : 0) }),
    );
    expect(verdict.faults).toEqual([
      expect.stringMatching(/minimum and maximum are 12 and 76\.9, but .* 13 and 76\.9/),
    ]);
  });

  it('is not made where parameters are dead, whose values nobody knows', async () => {
    expect(await verdictOf(planRecord(20), resultRecord(0, 9), deadRecord(10, 19))).toMatchObject({
      outcome: 'complete with dead parameters',
    });
  });

  it("is not made for a user's own computation", async () => {
    const plan = planRecord(10, { computation: '/computation/own.mjs' });
    expect(await verdictOf(plan, resultRecord(0, 9, { compute: (i) => -i }))).toMatchObject({
      outcome: 'complete',
      sum: '-45',
      min: -9,
    });
  });
});

describe('a ledger that is broken on purpose', () => {
  class Forgetful extends IntervalSet {
    override overlap(): number {
      return 0;
    }
  }
  class CountsTwice extends Ledger {
    override readonly covered = new Forgetful();
  }
  class Loses extends Ledger {
    override add(entry: Parameters<Ledger['add']>[0]): void {
      if (!('record' in entry && entry.record.kind === 'result' && entry.record.start === 10)) super.add(entry);
    }
  }

  function fed(ledger: Ledger, records: readonly LogRecord[]): Verdict {
    for (const record of records) ledger.add({ position: '', record });
    return judge(ledger, expectedOf(ledger));
  }

  it('is found out where it takes duplicates into the aggregate', () => {
    const verdict = fed(new CountsTwice(RUN), [...whole, resultRecord(0, 9, { workerId: 'w2' })]);
    expect(verdict).toMatchObject({ outcome: 'incomplete', parameters: { ok: 30, missing: 0, duplicated: 10 } });
    expect(verdict.faults).toEqual(['10 parameters entered the aggregate twice']);
  });

  it('is found out where it loses a record', () => {
    expect(fed(new Loses(RUN), whole)).toMatchObject({ outcome: 'incomplete', missing: [{ start: 10, end: 19 }] });
  });

  it('is not accused where there is nothing to find', () => {
    expect(fed(new CountsTwice(RUN), whole)).toMatchObject({ outcome: 'complete' });
  });
});
