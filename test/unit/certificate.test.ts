import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { gridOf } from '../../core/certificate/interval-digests.js';
import {
  certificateSchema,
  certificateText,
  makeCertificate,
  readAccount,
  type Certificate,
} from '../../core/certificate/issue.js';
import { checkCertificate, differenceText } from '../../core/certificate/check.js';
import { valueText } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import { decodeRecord, encodeRecord } from '../../core/wire/record-codec.js';
import type { LogRecord, ResultRecord } from '../../core/wire/records.js';
import { VERSION } from '../../core/runtime/version.js';
import { deadRecord, logOf, planRecord, resultRecord, RUN, seededRecord } from './support.js';

const file = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const around = {
  backend: 'redis' as const,
  injected: [{ name: 'worker-kill', at: 3 }],
  release: '1.2.3',
  image: 'ttg@sha256:00',
};
const plan = planRecord(95);
const results = Array.from({ length: 10 }, (_, i) => resultRecord(i * 10, Math.min(94, i * 10 + 9))).filter(
  ({ start }) => start !== 40,
);
const log: readonly LogRecord[] = [
  plan,
  seededRecord(0, 94),
  ...results,
  resultRecord(40, 41),
  deadRecord(42, 42),
  resultRecord(43, 49),
  resultRecord(0, 9, { workerId: 'w2' }),
];

async function certify(records: readonly LogRecord[] = log): Promise<Certificate> {
  return makeCertificate(await readAccount(() => logOf(records), RUN, gridOf(plan)), around, undefined, new Date(0));
}

async function check(certificate: Certificate, records: readonly LogRecord[]): Promise<string[]> {
  return checkCertificate(
    certificate,
    await readAccount(() => logOf(records), RUN, certificate.intervals),
  ).differences.map(differenceText);
}

const without = (gone: (record: LogRecord) => boolean): LogRecord[] => log.filter((record) => !gone(record));
const altered = (start: number, change: Partial<ResultRecord>): LogRecord[] =>
  log.map((record) =>
    record.kind === 'result' && record.start === start && record.workerId === 'w1' ? { ...record, ...change } : record,
  );

/** SHA-256 over the canonical JSON of the record's fields on the wire, the first 128 bits. */
const PINNED = createHash('sha256')
  .update(
    '{"attempt":1,"chunk_id":"0","completed_at":"2026-01-01T00:00:00.000Z",' +
      `"digest":"${resultRecord(0, 0, { compute: () => 1.5 }).digest}","duration_seconds":1,"end_param":0,"kind":"result",` +
      '"params_processed":1,"result_summary":{"count":1,"max":1.5,"min":1.5,"sum":1.5},"run_id":"run-1","start_param":0,' +
      '"started_at":"2026-01-01T00:00:00.000Z","status":"complete","worker_id":"w1"}',
  )
  .digest('hex')
  .slice(0, 32);

describe('a certificate', () => {
  it('says what the log says', async () => {
    const certificate = await certify();
    expect(certificate).toMatchObject({
      outcome: 'complete with dead parameters',
      faults: [],
      backend: 'redis',
      injected: around.injected,
      parameters: {
        attempted: 95,
        acknowledged: 95,
        ok: 94,
        dead: 1,
        missing: 0,
        lost: 0,
        duplicated: 0,
        conflicting: 0,
      },
      records: { results: 12, deduplicated: 1, undecodable: 0 },
      dead: [{ start: 42, end: 42, attempts: 4, error: 'boom' }],
      versions: { ttg: '1.2.3', verifier: VERSION, image: 'ttg@sha256:00' },
    });
    expect(certificate.intervals).toHaveLength(10);
    expect(certificate.intervals[3]).toMatchObject({
      start: 30,
      end: 39,
      ok: 10,
      dead: 0,
      digest: resultRecord(30, 39).digest,
    });
    expect(certificate.intervals[4]).toMatchObject({ start: 40, end: 49, ok: 9, dead: 1 });
    expect(certificate.intervals[9]).toMatchObject({ start: 90, end: 94, ok: 5 });
  });

  it('certifies values of every kind, however they are packed', async () => {
    const values: Value[] = [NaN, 'text', { loss: 0.5, n: NaN }, null, { loss: 2 }, 1, 2, 3, -Infinity, []];
    const record = resultRecord(0, 9, { compute: (i) => values[i] as Value, values });
    const small = [planRecord(10), seededRecord(0, 9), record];
    const account = await readAccount(() => logOf(small), RUN);
    const certificate = makeCertificate(account, around, undefined, new Date(0));
    expect(certificate).toMatchObject({
      outcome: 'complete',
      aggregate: {
        sum: '6',
        nan: 1,
        infinite: 1,
        other: 5,
        columns: [
          { column: 'loss', count: 2, sum: '2.5', min: 0.5, max: 2 },
          { column: 'n', count: 0, sum: '0', min: null, max: null, nan: 1 },
        ],
      },
    });
    expect(certificateSchema.parse(JSON.parse(certificateText(certificate)))).toEqual(certificate);
    const { values: _, ...rest } = record;
    // Another zlib makes other bytes of the same values.
    const other = decodeRecord({
      ...encodeRecord(rest),
      values_packed: `z10:${deflateRawSync(`[${values.map((value) => valueText(value)).join()}]`, { level: 0 }).toString('base64')}`,
    });
    expect(await check(certificate, [...small.slice(0, 2), other])).toEqual([]);
    const changed = { ...record, values: values.with(1, 'tent') };
    expect((await check(certificate, [...small.slice(0, 2), changed])).join()).toMatch(
      /the values of the record are not those of its digest/,
    );
  });

  it('tells what was lost after it was acknowledged from what never was published', async () => {
    const certificate = await certify([plan, seededRecord(0, 49), resultRecord(0, 9)]);
    expect(certificate).toMatchObject({
      outcome: 'incomplete',
      parameters: { acknowledged: 50, missing: 85, lost: 40 },
      missing: [{ start: 10, end: 94 }],
    });
  });

  it('is the same for a chunk that was completed whole and in pieces, but for its records', async () => {
    const half = (records: readonly LogRecord[]): LogRecord[] => [
      ...log.slice(0, 2),
      resultRecord(0, 4),
      ...records,
      ...log.slice(2),
    ];
    const one = await certify(half([]));
    const two = await certify(half([resultRecord(5, 9)]));
    const certificate = await certify();
    for (const other of [one, two]) {
      expect(other.aggregate).toEqual(certificate.aggregate);
      expect(other.intervals.map(({ records: _, ...rest }) => rest)).toEqual(
        certificate.intervals.map(({ records: _, ...rest }) => rest),
      );
    }
  });

  it('keeps to its schema, as text and back', async () => {
    const certificate = await certify();
    const text = certificateText(certificate);
    expect(z.parse(certificateSchema, JSON.parse(text))).toEqual(certificate);
    expect(text.split('\n').filter((line) => line.includes('"records":"'))).toHaveLength(10);
  });

  it('has the schema that is published', () => {
    expect(file('docs/certificate.schema.json')).toEqual(z.toJSONSchema(certificateSchema));
  });

  it('is made of two readings, whose verdict is that of the moment of the first', async () => {
    const growing = [...log];
    let readings = 0;
    const account = await readAccount(async function* () {
      readings++;
      yield* logOf(growing);
      growing.push(resultRecord(30, 39, { compute: () => 1 }), resultRecord(42, 42), planRecord(500));
    }, RUN);
    const certificate = makeCertificate(account, around, undefined, new Date(0));
    expect(readings).toBe(2);
    expect(certificate).toEqual(await certify());
  });

  it('hashes records whatever the order in which their fields were set', async () => {
    const turned = log.map((record) => Object.fromEntries(Object.entries(record).reverse()) as unknown as LogRecord);
    expect((await certify(turned)).intervals).toEqual((await certify()).intervals);
  });

  it('hashes a record as this version of the certificate says', async () => {
    // Whoever changes this digest makes every certificate differ from its log: that is a new version of the
    // certificate.
    const record = resultRecord(0, 0, { compute: () => 1.5 });
    const { intervals } = await certify([planRecord(1), record]);
    expect(intervals[0]?.records).toBe(PINNED);
  });

  it('knows its own version', () => {
    expect(file('package.json')).toMatchObject({ version: VERSION });
  });

  it('has an interval a chunk up to 10,000 chunks, and few equal blocks of whole chunks beyond', () => {
    expect(gridOf({ ...plan, totalParameters: 100_000 })).toHaveLength(10_000);
    for (const totalParameters of [100_001, 1_000_000, 99_999_999]) {
      const grid = gridOf({ ...plan, totalParameters });
      expect(grid.length).toBeLessThanOrEqual(1024);
      expect(grid.at(-1)?.end).toBe(totalParameters - 1);
      for (const [i, { start }] of grid.slice(1).entries()) expect([start - 1, start % 10]).toEqual([grid[i]?.end, 0]);
    }
  });
});

describe('checking a certificate', () => {
  it('finds nothing where the log is the same, or has grown by what is harmless', async () => {
    const certificate = await certify();
    expect(await check(certificate, log)).toEqual([]);
    const grown = [
      ...log,
      resultRecord(20, 29, { workerId: 'w9' }),
      planRecord(200),
      seededRecord(95, 199),
      resultRecord(95, 99),
      resultRecord(100, 109),
      planRecord(5, { runId: 'run-2' }),
    ];
    expect(await check(certificate, grown)).toEqual([]);
  });

  it.each<[what: string, records: LogRecord[], named: string]>([
    [
      'a record was deleted',
      without((r) => r.kind === 'result' && r.start === 30),
      'parameters 30–39: 0 results, certified were 10',
    ],
    [
      'a piece was deleted',
      without((r) => r.kind === 'result' && r.start === 43),
      'parameters 43–49: 2 results, certified were 9',
    ],
    ['a dead record was deleted', without((r) => r.kind === 'dead'), 'parameters 40–49: 0 dead parameters'],
    ['a further, equal record was deleted', log.slice(0, -1), 'the log holds 11 result records, certified were 12'],
    [
      'the note of the seeding was deleted',
      without((r) => r.kind === 'seeded'),
      'parameters 0–94: the log does not say any more that they were published',
    ],
    [
      'a digest was changed',
      altered(30, { digest: `0${resultRecord(30, 39).digest.slice(1)}`.replace(/.$/, (c) => (c === '0' ? '1' : '0')) }),
      'parameters 30–39: the results are others',
    ],
    [
      'a sum was changed',
      altered(30, { summary: { ...resultRecord(30, 39).summary, sum: '1' } }),
      'parameters 30–39: sum 1',
    ],
    [
      'a worker was changed',
      altered(30, { workerId: 'w7' }),
      'parameters 30–39: the values are those that were certified',
    ],
    [
      'values do not match their digest',
      altered(30, { values: Array<number>(10).fill(1) }),
      'parameters 30–39: the values of the record are not those of its digest',
    ],
    [
      'a second, unequal record was added',
      [...log, resultRecord(30, 39, { compute: () => 1 })],
      'parameters 30–39: the log holds unequal results',
    ],
    ['the end was cut off', log.slice(0, 6), 'parameters 50–59: 0 results, certified were 10'],
    ['the start was cut off', log.slice(3), 'parameters 0–94: the log holds no plan'],
    ['all was lost', [], 'parameters 0–94: the log holds no plan'],
    [
      'a dead record was changed',
      log.map((r) => (r.kind === 'dead' ? { ...r, error: 'no' } : r)),
      'parameters 42: their dead records were changed',
    ],
    [
      'a dead parameter has a result now',
      [...log, resultRecord(42, 42)],
      'parameters 42: 10 results, certified were 9',
    ],
    [
      'the plan was exchanged',
      log.map((r) => (r.kind === 'plan' ? { ...r, computation: '/x.mjs' } : r)),
      'parameters 0–94: the log holds another plan',
    ],
  ])('fails and names the parameters when %s', async (_, records, named) => {
    const found = await check(await certify(), records);
    expect(found.join('\n')).toContain(named);
  });

  it('fails when the certificate itself was changed', async () => {
    const certificate = await certify();
    const forged = { ...certificate, aggregate: { ...certificate.aggregate, digest: '0'.repeat(32) } };
    expect((await check(forged, log)).join()).toContain('contradicts itself');
    expect((await check({ ...certificate, intervals: certificate.intervals.slice(1) }, log)).join()).toContain(
      'contradicts itself',
    );
  });
});
