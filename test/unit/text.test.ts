import { describe, expect, it } from 'vitest';
import { reportText, statusText, verdictText, type Status } from '../../cli/text.js';
import { makeReport } from '../../core/ledger/report.js';
import { judge } from '../../core/ledger/verdict.js';
import type { Value } from '../../core/model/value.js';
import { deadRecord, ledgerOf, planRecord, resultRecord } from './support.js';

describe('the verdict as text', () => {
  it('ends with COMPLETE WITH DEAD PARAMETERS and how many parameters are dead letters', async () => {
    const text = verdictText(judge(await ledgerOf(planRecord(20), resultRecord(0, 9), deadRecord(10, 19))), []);
    expect(text).toContain('20 expected: 10 results, 10 dead, 0 missing, 0 counted twice');
    expect(text).toContain('dead         10–19 after 4 attempts: boom');
    expect(text).toMatch(
      /COMPLETE WITH DEAD PARAMETERS {5}every parameter counts exactly once, 10 of them as dead letters\n$/,
    );
  });

  it('ends with INCOMPLETE after the faults and the shards that lack records', async () => {
    const text = verdictText(judge(await ledgerOf(planRecord(20), resultRecord(0, 9))), ['index 1 (10–19): no record']);
    expect(text).toMatch(
      /missing {6}index 1 \(10–19\): no record\nfault {8}10 of 20 parameters .*10–19.*\nINCOMPLETE\n$/,
    );
  });

  it('shows ten dead letters and counts the others', async () => {
    const dead = Array.from({ length: 13 }, (_, i) => deadRecord(i, i));
    const text = verdictText(judge(await ledgerOf(planRecord(13), ...dead)), []);
    expect(text.match(/after 4 attempts/g)).toHaveLength(10);
    expect(text).toContain('and 3 more');
  });
});

const KINDS: readonly Value[] = [NaN, 1, 2.5, NaN, NaN, 'text', { loss: 0.5, n: 1 }, { loss: 0.25, n: Infinity }];
const kinds = () =>
  ledgerOf(planRecord(KINDS.length), resultRecord(0, KINDS.length - 1, { compute: (i) => KINDS[i] as Value }));

describe('values of every kind as text', () => {
  it('are counted apart in the verdict, with a line for each column', async () => {
    const text = verdictText(judge(await kinds()), []);
    expect(text).toContain('aggregate    sum 3.5, min 1, max 2.5, 3 NaN, 3 values are no numbers\n');
    expect(text).toContain('             loss: sum 0.75, min 0.25, max 0.5\n');
    expect(text).toContain('             n: sum 1, min 1, max 1, 1 infinite\n');
  });

  it('have a table of their columns in the report', async () => {
    const text = reportText(makeReport(await kinds()), false);
    expect(text).toContain('not summed     3 NaN, 3 values are no numbers\n');
    expect(text).toMatch(
      /column +count +mean +deviation +min +max +sum\n {2}loss +2 +0\.375 +0\.1767767 +0\.25 +0\.5 +0\.75\n/,
    );
    expect(text).toMatch(/ {2}n +1 +1 +– +1 +1 +1 +1 infinite\n/);
  });

  it('are told by their columns alone where these are all there is', async () => {
    const ledger = await ledgerOf(planRecord(2), resultRecord(0, 1, { compute: (i) => ({ loss: i }) }));
    const text = verdictText(judge(ledger), []);
    expect(text).toContain('aggregate    2 values, by their columns\n             loss: sum 1, min 0, max 1\n');
    expect(reportText(makeReport(ledger), false)).not.toContain('not summed');
  });

  it('are said to be no numbers where none is one', async () => {
    const ledger = await ledgerOf(planRecord(2), resultRecord(0, 1, { compute: () => 'text' }));
    expect(verdictText(judge(ledger), [])).toContain('aggregate    2 values are no numbers\n');
    expect(reportText(makeReport(ledger), false)).not.toMatch(/^sum/m);
  });
});

describe('the report as text', () => {
  it('shows ten workers, or all of them if asked to', async () => {
    const report = makeReport(
      await ledgerOf(
        planRecord(12),
        ...Array.from({ length: 12 }, (_, i) => resultRecord(i, i, { workerId: `w-${i}` })),
      ),
    );
    expect(reportText(report, false)).toContain('and 2 more (--verbose shows all)');
    expect(reportText(report, true).match(/ {2}w-\d+ /g)).toHaveLength(12);
  });

  it('shows a dash for what is not known', async () => {
    expect(reportText(makeReport(await ledgerOf(planRecord(12))), false)).toContain('min / max      – / –');
  });
});

describe('the status as text', () => {
  const status = (over: Partial<Status> = {}): Status => ({
    runId: 'run-1',
    total: 200,
    done: 50,
    dead: 0,
    rate: null,
    etaSeconds: null,
    depth: undefined,
    ...over,
  });

  it('says that a run was not seeded yet', () => {
    expect(statusText(status({ total: 0, done: 0 }))).toBe('run-1: not seeded yet\n');
  });

  it('shows how far the run is', () => {
    expect(statusText(status())).toBe(`run-1 ${'█'.repeat(7)}${'░'.repeat(23)} 25.0 %  50/200\n`);
  });

  it('counts dead parameters as done with, and shows rate, rest and queue where they are known', () => {
    const text = statusText(
      status({
        done: 100,
        dead: 100,
        rate: 12.4,
        etaSeconds: 0,
        depth: { ready: 1, leased: 2, stale: 0, delayed: 3, dead: 4, parked: 0 },
      }),
    );
    expect(text).toBe(
      `run-1 ${'█'.repeat(30)} 100.0 %  100/200 (+100 dead)  12/s  0 s left  queue: 1 ready, 2 leased, 3 delayed, 4 dead\n`,
    );
  });
});
