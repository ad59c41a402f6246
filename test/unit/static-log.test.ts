import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../core/wire/record-codec.js';
import { parseRecordLine, recordLine } from '../../core/wire/static-log.js';
import { resultRecord } from './support.js';

const record = resultRecord(40, 49);
const line = recordLine(encodeRecord(record)).trimEnd();

describe("a line of static mode's log", () => {
  it('comes back as the record that was written', () => {
    expect(parseRecordLine(line, 'pod-0:17')).toEqual({ position: 'pod-0:17', record });
  });

  it('is one line, ended', () => {
    expect(recordLine(encodeRecord({ ...record, workerId: 'two\nlines' })).match(/\n/g)).toEqual(['\n']);
  });

  it.each(['', 'chunk complete', '{"level":"info"}', ` ${line}`, 'TTG_RECORD', 'TTG_REC'])(
    'is no record where it is %j',
    (text) => {
      expect(parseRecordLine(text, 'x')).toBeUndefined();
    },
  );

  it('is undecodable, with its place and the reason, wherever it was cut short', () => {
    for (let length = 'TTG_RECORD '.length; length < line.length; length++) {
      expect(parseRecordLine(line.slice(0, length), 'pod-0:17')).toEqual({
        position: 'pod-0:17',
        undecodable: expect.any(String) as string,
      });
    }
  });

  it('is undecodable where another line ran into it', () => {
    expect(parseRecordLine(line.slice(0, 40) + line, 'x')).toHaveProperty('undecodable');
    expect(parseRecordLine(`${line}${line}`, 'x')).toHaveProperty('undecodable');
  });

  it('may end as lines end on Windows', () => {
    expect(parseRecordLine(`${line}\r`, 'x')).toHaveProperty('record');
  });
});
