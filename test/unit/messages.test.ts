import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../core/runtime/errors.js';
import type { Chunk } from '../../core/model/chunk.js';
import type { LogRecord, Wire } from '../../core/wire/records.js';
import { decodeChunk, encodeChunk } from '../../core/wire/chunk-codec.js';
import { decodeRecord, encodeRecord } from '../../core/wire/record-codec.js';
import { whyUnreadable } from '../../core/wire/recordable.js';
import { arbitraryChunk, arbitraryRecord, flat } from '../support/arbitrary-records.js';
import { deadRecord, planRecord, resultRecord, seededRecord } from './support.js';

const chunk: Chunk = {
  runId: 'run-1',
  chunkId: '00042',
  start: 4200,
  end: 4299,
  computation: 'builtin',
  keepValues: false,
  piece: false,
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** Fields that older releases did not write: without them a message means what it meant then. */
const LATER = ['keep_values', 'piece', 'max_dead', 'stack_id'];

const records: [string, LogRecord][] = [
  [
    'halted with a reason',
    {
      kind: 'halted',
      runId: 'run-1',
      reason: 'failures',
      error: 'program f cannot start: it is not in PATH',
      haltedAt: '2026-01-01T00:00:00.000Z',
    },
  ],
  ['halted', { kind: 'halted', runId: 'run-1', reason: 'failures', haltedAt: '2026-01-01T00:00:00.000Z' }],
  ['resumed', { kind: 'resumed', runId: 'run-1', resumedAt: '2026-01-01T00:00:00.000Z' }],
  ['plan', planRecord(1000)],
  ['seeded', seededRecord(0, 999)],
  ['result', resultRecord(40, 49, { attempt: 2 })],
  ['result with values', resultRecord(40, 42, { values: [1, 2.5, -3] })],
  ['dead', deadRecord(7, 7, { stack: 'Error: boom\n    at x' })],
];

function without(wire: Wire, field: string): Wire {
  return Object.fromEntries(Object.entries(wire).filter(([key]) => key !== field));
}

const NONSENSE: readonly unknown[] = [undefined, null, 'text', '', 7, true, [], {}, [encodeChunk(chunk)]];

describe('a task message', () => {
  it('comes back as it was sent', () => {
    expect(decodeChunk(encodeChunk(chunk))).toEqual(chunk);
    expect(decodeChunk(JSON.parse(JSON.stringify(encodeChunk(chunk))))).toEqual(chunk);
  });

  it('comes back where the wire carries text only', () => {
    expect(decodeChunk(flat(encodeChunk(chunk)))).toEqual(chunk);
  });

  it('has the public fields', () => {
    expect(encodeChunk(chunk)).toMatchObject({
      chunk_id: '00042',
      start_param: 4200,
      end_param: 4299,
      total_in_chunk: 100,
      created_at: chunk.createdAt,
    });
  });

  it('may carry fields of a later version', () => {
    expect(decodeChunk({ ...encodeChunk(chunk), priority: 5 })).toEqual(chunk);
  });

  it.each(Object.keys(encodeChunk(chunk)).filter((field) => !LATER.includes(field)))(
    'is refused without %s, which the message names',
    (field) => {
      expect(() => decodeChunk(without(encodeChunk(chunk), field))).toThrow(ProtocolError);
      expect(() => decodeChunk(without(encodeChunk(chunk), field))).toThrow(field);
    },
  );

  it.each([
    ['total_in_chunk', 99],
    ['total_in_chunk', 101],
    ['total_in_chunk', 0],
    ['end_param', 4298],
    ['end_param', 4199],
    ['start_param', 4300],
    ['start_param', -1],
    ['start_param', 0.5],
    ['start_param', 'x'],
    ['start_param', ''],
    ['start_param', ' '],
    ['start_param', null],
    ['start_param', true],
    ['start_param', []],
    ['start_param', Infinity],
    ['end_param', 2 ** 53],
    ['run_id', ''],
    ['run_id', 5],
    ['chunk_id', ''],
    ['computation', ''],
    ['computation', null],
  ])('is refused with %s = %j', (field, value) => {
    expect(() => decodeChunk({ ...encodeChunk(chunk), [field]: value })).toThrow(ProtocolError);
  });

  it('is not read as parameter 0 where its range was lost', () => {
    const wire = { ...encodeChunk(chunk), start_param: '', end_param: '9', total_in_chunk: '10' };
    expect(() => decodeChunk(wire)).toThrow(/start_param/);
  });

  it('says which counts contradict each other', () => {
    expect(() => decodeChunk({ ...encodeChunk(chunk), total_in_chunk: 7 })).toThrow(
      'total_in_chunk is 7, but 4200…4299 are 100 parameters',
    );
  });

  it.each(NONSENSE.map((value) => [value]))('is refused where it is %j', (value) => {
    expect(() => decodeChunk(value)).toThrow(ProtocolError);
  });
});

describe('any message', () => {
  const wires = (wire: Wire): Wire[] => [wire, JSON.parse(JSON.stringify(wire)) as Wire, flat(wire)];

  it('that is a chunk comes back as it was sent', () => {
    fc.assert(
      fc.property(arbitraryChunk, (chunk) => {
        for (const wire of wires(encodeChunk(chunk))) expect(decodeChunk(wire)).toEqual(chunk);
      }),
    );
  });

  it('that is a record comes back as it was written, and is called readable', () => {
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        expect(whyUnreadable(encodeRecord(record))).toBeUndefined();
        for (const wire of wires(encodeRecord(record))) expect(decodeRecord(wire)).toEqual(record);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a log record', () => {
  it.each(records)('of kind %s comes back as it was written', (_, record) => {
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
    expect(decodeRecord(JSON.parse(JSON.stringify(encodeRecord(record))))).toEqual(record);
  });

  it.each(records)('of kind %s comes back where the wire carries text', (_, record) => {
    expect(decodeRecord(flat(encodeRecord(record)))).toEqual(record);
  });

  it.each(
    records.flatMap(([name, record]) =>
      Object.keys(encodeRecord(record))
        .filter((f) => f !== 'values' && !LATER.includes(f) && !(record.kind === 'halted' && f === 'error'))
        .map((f) => [name, f, record] as const),
    ),
  )('of kind %s is refused without %s', (_, field, record) => {
    expect(() => decodeRecord(without(encodeRecord(record), field))).toThrow(ProtocolError);
  });

  it('carries the public result fields', () => {
    const record = resultRecord(0, 9);
    expect(encodeRecord(record)).toMatchObject({
      chunk_id: '0',
      worker_id: 'w1',
      status: 'complete',
      params_processed: 10,
      duration_seconds: 1,
      result_summary: { ...record.summary, sum: Number(record.summary.sum) },
    });
  });

  it('carries a sum that no number names as its digits', () => {
    const record = resultRecord(0, 9, { summary: { sum: '123456789012.3456789', count: 10, min: 0, max: 1 } });
    expect(encodeRecord(record)).toMatchObject({ result_summary: { sum: '123456789012.3456789' } });
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  it.each([
    ['covers fewer parameters than its range', { params_processed: 9 }],
    ['sums up fewer parameters than it processed', { result_summary: { sum: 1, count: 9, min: 0, max: 1 } }],
    ['was cut short on both counts', { params_processed: 9, result_summary: { sum: 1, count: 9, min: 0, max: 1 } }],
    ['has no sum', { result_summary: { count: 10, min: 0, max: 1 } }],
    ['has a sum that is no number', { result_summary: { sum: null, count: 10, min: 0, max: 1 } }],
    ['has an infinite maximum', { result_summary: { sum: 1, count: 10, min: 0, max: Infinity } }],
    ['has its summary as text', { result_summary: '{"sum":1' }],
    ['is not complete', { status: 'partial' }],
    ['has a digest that was cut short', { digest: 'abc' }],
    ['has a digest in capitals', { digest: 'A'.repeat(32) }],
    ['ends before it starts', { start_param: 49, end_param: 40 }],
    ['has no duration', { duration_seconds: '' }],
    ['has fewer values than parameters', { values: [1, 2, 3] }],
    ['has a value that is none', { values: [1, 2, 3, 4, 5, 6, 7, 8, 9, null] }],
  ])('is no result where it %s', (_, over) => {
    expect(() => decodeRecord({ ...encodeRecord(resultRecord(40, 49)), ...over })).toThrow(ProtocolError);
  });

  it('of an unknown kind is refused', () => {
    expect(() => decodeRecord({ ...encodeRecord(planRecord(10)), kind: 'gossip' })).toThrow(ProtocolError);
  });

  it('of a death that ends before it starts is refused', () => {
    expect(() => decodeRecord({ ...encodeRecord(deadRecord(5, 9)), end_param: 4 })).toThrow(
      'end_param 4 is below start_param 5',
    );
  });

  it.each(NONSENSE.map((value) => [value]))('is refused where it is %j', (value) => {
    expect(() => decodeRecord(value)).toThrow(ProtocolError);
  });

  it('names the field that is wrong and what it should have been', () => {
    expect(() => decodeRecord({ ...encodeRecord(deadRecord(5, 9)), attempts: 'many' })).toThrow(
      /log record: .*expected number.*attempts/,
    );
  });
});
