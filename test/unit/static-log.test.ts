import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../core/wire/record-codec.js';
import { parseRecordLine, recordText } from '../../core/wire/static-log.js';
import { resultRecord } from './support.js';

const record = resultRecord(40, 49);
const text = recordText(encodeRecord(record));
const line = text.trim();

describe("a record in static mode's log", () => {
  it('comes back as the record that was written', () => {
    expect(parseRecordLine(line, 'pod-0:17')).toEqual({ position: 'pod-0:17', record });
  });

  it('is one line of its own, whatever was printed before it without ending its line', () => {
    expect(recordText(encodeRecord({ ...record, workerId: 'two\nlines' }))).toMatch(/^\n[^\n]+\n$/);
    const found = `.....${text}....`.split('\n').flatMap((each) => parseRecordLine(each, 'x') ?? []);
    expect(found).toEqual([{ position: 'x', record }]);
  });

  it.each(['', 'chunk complete', '{"level":"info"}', 'TTG_RECORD', 'TTG_REC'])(
    'is none where a line is %j',
    (other) => {
      expect(parseRecordLine(other, 'x')).toBeUndefined();
    },
  );

  it('is found behind other output on the same line, and before it', () => {
    expect(parseRecordLine(`....${line}`, 'x')).toEqual({ position: 'x', record });
    expect(parseRecordLine(`${line}....`, 'x')).toEqual({ position: 'x', record });
  });

  it('is undecodable, with its place and the reason, wherever it was cut short', () => {
    for (let length = 'TTG_RECORD '.length; length < line.length; length++) {
      expect(parseRecordLine(line.slice(0, length), 'pod-0:17')).toEqual({
        position: 'pod-0:17',
        undecodable: expect.any(String) as string,
      });
    }
  });

  it('is found or named, and never taken for another record, wherever output was written into it', () => {
    const place = fc.integer({ min: 0, max: line.length });
    const output = fc.string({ minLength: 1, maxLength: 20 }).map((other) => other.replaceAll('\r', '\n'));
    fc.assert(
      fc.property(place, output, (at, other) => {
        const lines = (line.slice(0, at) + other + line.slice(at)).split('\n');
        const [entry, ...more] = lines.flatMap((each) => parseRecordLine(each, 'x') ?? []);
        expect(more).toEqual([]);
        // A digit more in its length reads on to the same end.
        if (entry && 'record' in entry) expect(entry.record).toEqual(record);
        else expect(entry).toHaveProperty('undecodable');
      }),
      { numRuns: 1000 },
    );
  });

  it('is none where a line only looks like one', () => {
    expect(parseRecordLine('took 12 deadbeef {"kind":"result"}', 'x')).toBeUndefined();
    expect(parseRecordLine('1'.repeat(100_000), 'x')).toBeUndefined();
  });

  it('may end as lines end on Windows', () => {
    expect(parseRecordLine(`${line}\r`, 'x')).toHaveProperty('record');
  });

  it('of an older release is read too', () => {
    expect(parseRecordLine(`TTG_RECORD ${JSON.stringify(encodeRecord(record))}`, 'x')).toEqual({
      position: 'x',
      record,
    });
  });
});
