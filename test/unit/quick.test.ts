import { describe, expect, it } from 'vitest';
import type { Wire } from '../../core/wire/records.js';
import { chunkBySchema, encodeChunk } from '../../core/wire/chunk-codec.js';
import { encodeRecord, recordBySchema } from '../../core/wire/record-codec.js';
import { quickChunk, quickResult } from '../../core/wire/quick.js';
import { resultRecord } from './support.js';

const chunk = {
  runId: 'run-1',
  chunkId: '00042',
  start: 4200,
  end: 4299,
  computation: 'builtin',
  keepValues: false,
  piece: false,
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** Values at the edges of what the schema accepts. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  'x',
  '7',
  ' 7',
  '7 ',
  '07',
  '0x10',
  '1e2',
  '1e400',
  '-0',
  '-7',
  '+7',
  '4.5',
  '4299',
  '4200',
  '0b11',
  7,
  -7,
  -0,
  0.5,
  4200,
  4299,
  NaN,
  Infinity,
  2 ** 53,
  true,
  [],
  {},
  [7],
  7n,
  'complete',
  'result',
  'a'.repeat(32),
  'A'.repeat(32),
  `${'a'.repeat(32)}\n`,
  { sum: 1, count: 10, min: 0, max: 1 },
  { sum: 1, count: '10', min: 0, max: 1, more: 1 },
  { sum: '1', count: 10, min: 0, max: 1 },
];

function outcome<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** With each field in turn put to each odd value. */
function* oddWires(wire: Wire): Generator<[what: string, wire: unknown]> {
  for (const odd of ODD) yield [String(odd), odd];
  for (const field of [...Object.keys(wire), 'values', 'more'])
    for (const odd of ODD) yield [`${field} = ${String(odd)}`, { ...wire, [field]: odd }];
}

describe('decoding by hand', () => {
  it('takes the common messages', () => {
    expect(quickChunk(encodeChunk(chunk))).toEqual(chunk);
    expect(quickResult(encodeRecord(resultRecord(40, 49)))).toEqual(resultRecord(40, 49));
  });

  it('gives for each chunk that it takes what the schema gives', () => {
    for (const [what, wire] of oddWires(encodeChunk(chunk))) {
      const quick = quickChunk(wire);
      if (quick) expect(quick, what).toEqual(outcome(() => chunkBySchema(wire)));
    }
  });

  it('gives for each result that it takes what the schema gives', () => {
    for (const [what, wire] of oddWires(encodeRecord(resultRecord(40, 49)))) {
      const quick = quickResult(wire);
      if (quick) expect(quick, what).toEqual(outcome(() => recordBySchema(wire)));
    }
  });
});
