/** The certificate: what a log said about a run at one moment, in enough detail to say later where the log differs. */
import * as z from 'zod/mini';
import { aggregateOf, aggregateSchema } from './aggregate.js';
import { count, digest, text } from './fields.js';
import { IntervalDigests, gridOf } from './interval-digests.js';
import { IntervalSet, type Interval } from '../model/interval.js';
import { Ledger } from '../ledger/ledger.js';
import type { LogEntry } from '../wire/records.js';
import { makeReport } from '../ledger/report.js';
import { judge, type Expected } from '../ledger/verdict.js';
import { VERSION } from '../runtime/version.js';

const time = (what: string) => z.nullable(z.string()).check(z.describe(`${what}; ISO 8601, UTC`));
const interval = { start: count('first parameter'), end: count('last parameter, included') };

/** 1 hashed records as JSON in the order of the encoder's fields; 2 hashes their canonical form. */
export const CERTIFICATE_VERSION = 2;

/** docs/certificate.schema.json is made from it; a test compares the two. */
export const certificateSchema = z.object({
  certificate: z.literal(CERTIFICATE_VERSION).check(z.describe('version of this format')),
  issuedAt: text('when the log was read; ISO 8601, UTC'),
  plan: z.object({
    runId: text('identity of the run'),
    totalParameters: z.number().check(z.int(), z.gte(1), z.describe('parameters 0 … totalParameters − 1')),
    chunkSize: z.number().check(z.int(), z.gte(1)),
    computation: text('`builtin`, or the path of the module'),
    createdAt: text('when the plan was written'),
  }),
  outcome: z
    .enum(['complete', 'complete with dead parameters', 'incomplete'])
    .check(z.describe('complete: every parameter has exactly one result; with dead parameters: or one dead letter')),
  faults: z.array(z.string()).check(z.describe('why it is incomplete')),
  parameters: z.object({
    attempted: count('parameters of the plan'),
    acknowledged: z.nullable(
      count('of these, published and confirmed by the broker; null where there is none (static mode)'),
    ),
    ok: count('with a result'),
    dead: count('without a result, for good'),
    missing: count('with neither'),
    lost: count('of the missing ones, those that were acknowledged'),
    duplicated: count('counted twice'),
    conflicting: count('with unequal results'),
  }),
  records: z.object({
    results: count('result records in the log'),
    deduplicated: count('further, equal ones, which were not counted'),
    undecodable: count('records that nobody can decode'),
  }),
  recovered: count('chunks whose earlier attempt died or failed'),
  aggregate: aggregateSchema,
  missing: z.array(z.object(interval)),
  conflicts: z.array(z.object(interval)),
  dead: z.array(
    z.object({
      ...interval,
      attempts: count('executions that began'),
      error: z.string(),
      workerId: z.string(),
      completedAt: z.string(),
    }),
  ),
  intervals: z
    .array(
      z.object({
        ...interval,
        ok: count('parameters with a result'),
        dead: count('dead parameters'),
        digest: digest('of the results'),
        records: digest(
          'sum modulo 2^128 of the first 128 bits of SHA-256 over each counted record, as the canonical JSON (RFC 8785) of its fields on the wire',
        ),
        sum: z.string(),
        min: z.nullable(z.number()),
        max: z.nullable(z.number()),
      }),
    )
    .check(
      z.describe('the whole plan: one interval a chunk up to 10,000 chunks, else at most 1,024 of equally many chunks'),
    ),
  versions: z.object({
    ttg: text('of the release'),
    verifier: text('of the program that wrote this'),
    image: text('with its digest where it was deployed by it; may be empty'),
    node: z.string(),
  }),
  backend: z.enum(['redis', 'rabbitmq', 'embedded', 'static']),
  injected: z
    .array(z.looseObject({ name: text('of the fault') }))
    .check(z.describe('faults that were injected, as given by --faults')),
  times: z.object({
    firstConfirmedAt: time('first chunk in the queue'),
    firstStartedAt: time('first chunk begun'),
    lastCompletedAt: time('last result'),
    wallSeconds: z.nullable(z.number()),
  }),
});

export type Certificate = z.output<typeof certificateSchema>;

/** What the log does not know. */
export interface Surroundings extends Pick<Certificate, 'backend' | 'injected'> {
  readonly release: string;
  readonly image: string;
}

/** A ledger, and what it counts on a grid: both of one reading of the log. */
export interface Account {
  readonly ledger: Ledger;
  readonly digests: IntervalDigests;
}

/**
 * Reads the log twice: the second reading compares what the first one found, and looks at nothing that was appended
 * since.
 * @param grid of a certificate; without one that of the plan in the log
 */
export async function readAccount(
  records: () => AsyncIterable<LogEntry>,
  runId: string,
  grid?: readonly Interval[],
): Promise<Account> {
  const ledger = new Ledger(runId);
  for await (const entry of records()) ledger.add(entry);
  const digests = new IntervalDigests(grid ?? (ledger.plan ? gridOf(ledger.plan) : []));
  for await (const entry of records()) ledger.compare(entry, digests);
  ledger.finish(digests);
  return { ledger, digests };
}

export function makeCertificate(
  { ledger, digests }: Account,
  around: Surroundings,
  expected?: Expected,
  now = new Date(),
): Certificate {
  const { plan, tally } = ledger;
  if (!plan) throw new Error('the log holds no plan');
  const verdict = judge(ledger, expected);
  const published = IntervalSet.of(ledger.seeded);
  const { runId, totalParameters, chunkSize, computation, createdAt } = plan;
  const { ok, dead, missing, duplicated } = verdict.parameters;
  return {
    certificate: CERTIFICATE_VERSION,
    issuedAt: now.toISOString(),
    plan: { runId, totalParameters, chunkSize, computation, createdAt },
    outcome: verdict.outcome,
    faults: [...verdict.faults],
    parameters: {
      attempted: totalParameters,
      acknowledged: around.backend === 'static' ? null : published.count,
      ok,
      dead,
      missing,
      lost: verdict.missing.reduce((sum, gap) => sum + published.overlap(gap), 0),
      duplicated,
      conflicting: IntervalSet.of(ledger.conflicts).count,
    },
    records: { results: verdict.records, deduplicated: verdict.deduplicated, undecodable: verdict.undecodable },
    recovered: verdict.recovered,
    aggregate: aggregateOf(verdict),
    missing: verdict.missing.map(({ start, end }) => ({ start, end })),
    conflicts: IntervalSet.of(ledger.conflicts)
      .intervals()
      .map(({ start, end }) => ({ start, end })),
    dead: deadOf(ledger),
    intervals: intervalsOf(ledger, digests),
    versions: { ttg: around.release || VERSION, verifier: VERSION, image: around.image, node: process.versions.node },
    backend: around.backend,
    injected: around.injected,
    times: {
      firstConfirmedAt: ledger.seeded[0]?.firstConfirmedAt ?? null,
      firstStartedAt: tally.firstStartedAt ?? null,
      lastCompletedAt: tally.lastCompletedAt ?? null,
      wallSeconds: makeReport(ledger).wallSeconds,
    },
  };
}

export function deadOf(ledger: Ledger): Certificate['dead'] {
  return ledger.deadRecords().map(({ start, end, attempts, error, workerId, completedAt }) => ({
    start,
    end,
    attempts,
    error,
    workerId,
    completedAt,
  }));
}

export function intervalsOf(ledger: Ledger, digests: IntervalDigests): Certificate['intervals'] {
  const dead = ledger.dead();
  const results = digests.results();
  return digests.grid.map(({ start, end }, i) => {
    const piece = { start, end };
    return {
      ...piece,
      ok: ledger.covered.overlap(piece),
      dead: dead.overlap(piece),
      ...(results[i] as NonNullable<(typeof results)[number]>),
    };
  });
}

/** As JSON with one line an interval: a certificate is read by people too. */
export function certificateText(certificate: Certificate): string {
  const rest = JSON.stringify({ ...certificate, intervals: [] }, null, 2);
  const rows = certificate.intervals.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  return `${rest.replace('"intervals": []', () => `"intervals": [\n${rows}\n  ]`)}\n`;
}
