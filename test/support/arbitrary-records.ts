/** Chunks and records of the log as anybody may write them, for properties of what reads them. */
import * as fc from 'fast-check';
import type { Chunk } from '../../core/model/chunk.js';
import { decimalText } from '../../core/model/exact-sum.js';
import type { Interval } from '../../core/model/interval.js';
import type { Summary } from '../../core/model/summary.js';
import { Totals } from '../../core/model/totals.js';
import { arbitraryRow, arbitraryValue } from './arbitrary-values.js';
import type { SweepDocument } from '../../core/model/sweep.js';
import { objectName } from '../../core/wire/values-at.js';
import { NESTED_FIELDS } from '../../core/wire/record-codec.js';
import type {
  DeadRecord,
  HaltedRecord,
  Kept,
  LogRecord,
  PlanRecord,
  ResultRecord,
  ResumedRecord,
  SeededRecord,
  ValuesAt,
  Wire,
} from '../../core/wire/records.js';

/** A flat wire such as a Redis stream entry: every value is text, nested ones are JSON. */
export function flat(wire: Wire): Wire {
  return Object.fromEntries(
    Object.entries(wire).map(([key, value]) => [key, NESTED_FIELDS.includes(key) ? value : String(value)]),
  );
}

const name = fc.string({ minLength: 1, unit: 'grapheme' });
const text = fc.string({ unit: 'grapheme' });
const time = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
const natural = fc.maxSafeNat();
/** JSON has no negative zero. */
const value = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const digest = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
const range = fc.tuple(fc.nat(2 ** 40), fc.nat(9)).map(([start, more]): Interval => ({ start, end: start + more }));
/** Whole numbers, what a double names, and what none does. */
const sum = fc.oneof(
  value.map(decimalText),
  fc.bigInt().map(String),
  fc
    .tuple(fc.bigInt(), fc.nat(), fc.integer({ min: 1, max: 9 }))
    .map((digits) => `${digits[0]}.${digits[1]}${digits[2]}`),
);

export const arbitraryChunk: fc.Arbitrary<Chunk> = fc
  .tuple(
    range,
    fc.record({
      runId: name,
      chunkId: name,
      computation: name,
      keepValues: fc.boolean(),
      piece: fc.boolean(),
      createdAt: text,
    }),
  )
  .map(([interval, rest]) => ({ ...interval, ...rest }));

const store = fc.constantFrom('directory' as const, 's3' as const);
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const valuesAt: fc.Arbitrary<ValuesAt> = fc
  .record({ store, bytes: natural, sha256: hex })
  .map((rest) => ({ ...rest, name: objectName('run-1', rest.sha256) }));

const json = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  fc.oneof(value, text, fc.boolean(), fc.array(value)),
  { noNullPrototype: true },
);
const sweep: fc.Arbitrary<SweepDocument> = fc.record(
  { parameters: json, computation: json, source: text, table: text },
  { requiredKeys: ['parameters'] },
);

const plan: fc.Arbitrary<PlanRecord> = fc
  .tuple(
    fc.record({
      kind: fc.constant('plan' as const),
      runId: name,
      totalParameters: natural,
      chunkSize: natural,
      computation: name,
      keepValues: fc.boolean(),
      maxDead: natural,
      createdAt: text,
    }),
    fc.record({ sweep, store }, { requiredKeys: [] }),
  )
  .map(([record, more]) => ({ ...record, ...more }));

const seeded: fc.Arbitrary<SeededRecord> = fc
  .tuple(
    range,
    fc.record({
      kind: fc.constant('seeded' as const),
      runId: name,
      chunks: natural,
      reason: fc.constantFrom('initial', 'resume', 'extend', 'repair'),
      firstConfirmedAt: time,
      confirmedAt: time,
    }),
  )
  .map(([interval, rest]) => ({ ...interval, ...rest }));

/** Of any numbers, whether or not there are such. */
function arbitrarySummary(count: number): fc.Arbitrary<Summary> {
  const plain = fc.record(
    {
      sum,
      count: fc.constant(count),
      min: value,
      max: value,
      m2: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    },
    { requiredKeys: ['sum', 'count', 'min', 'max'] },
  );
  const ofValues = fc.array(fc.oneof(arbitraryValue, arbitraryRow), { minLength: count, maxLength: count });
  return fc.oneof(
    { weight: 2, arbitrary: plain },
    ofValues.map((values) => {
      const totals = new Totals();
      for (const each of values)
        if (typeof each === 'number') totals.numbers.add(each);
        else totals.addOther(each);
      return totals.summary();
    }),
  );
}

export const arbitraryResult: fc.Arbitrary<ResultRecord> = range.chain((interval) => {
  const count = interval.end - interval.start + 1;
  const ofCount = { minLength: count, maxLength: count };
  const kept: fc.Arbitrary<Kept> = fc.oneof(
    fc.constant({}),
    fc.oneof(fc.array(value, ofCount), fc.array(arbitraryValue, ofCount)).map((values) => ({ values })),
    valuesAt.map((at) => ({ valuesAt: at })),
  );
  return fc
    .tuple(
      arbitrarySummary(count),
      fc.record({
        kind: fc.constant('result' as const),
        runId: name,
        chunkId: name,
        digest,
        attempt: natural,
        workerId: text,
        startedAt: time,
        completedAt: time,
        durationSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
      kept,
    )
    .map(([summary, rest, where]) => ({ ...interval, summary, ...rest, ...where }));
});

const dead: fc.Arbitrary<DeadRecord> = fc
  .tuple(
    range,
    fc.record({
      kind: fc.constant('dead' as const),
      runId: name,
      chunkId: name,
      attempts: natural,
      workerId: text,
      error: text,
      stackId: text,
      stack: text,
      completedAt: time,
    }),
  )
  .map(([interval, rest]) => ({ ...interval, ...rest }));

const halted: fc.Arbitrary<HaltedRecord> = fc.record({
  kind: fc.constant('halted'),
  runId: name,
  reason: fc.constantFrom('cancelled', 'failures'),
  haltedAt: time,
});

const resumed: fc.Arbitrary<ResumedRecord> = fc.record({
  kind: fc.constant('resumed'),
  runId: name,
  resumedAt: time,
});

export const arbitraryRecord: fc.Arbitrary<LogRecord> = fc.oneof(plan, seeded, arbitraryResult, dead, halted, resumed);
