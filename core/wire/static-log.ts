/**
 * Static mode's log: result records among whatever else a pod prints.
 *
 * A record begins with a line feed, so that output which did not end its line cannot hide it, and carries its length
 * and a checksum, so that output written into it or a tail that is missing is told from a record.
 */
import { crc32 } from 'node:zlib';
import { ProtocolError } from '../runtime/errors.js';
import { decodeRecord } from './record-codec.js';
import type { LogEntry, Wire } from './records.js';

const PREFIX = 'TTG_RECORD ';
/** What follows the prefix, as far as the record itself. */
const FRAME = /\d{1,12} [0-9a-f]{8} (?=\{)/;

export function recordText(record: Wire): string {
  const json = JSON.stringify(record);
  return `\n${PREFIX}${json.length} ${checksum(json)} ${json}\n`;
}

/** @returns undefined for a line without a record */
export function parseRecordLine(line: string, position: string): LogEntry | undefined {
  const at = line.indexOf(PREFIX);
  const text = at < 0 ? tornOff(line) : line.slice(at + PREFIX.length);
  if (text === undefined) return undefined;
  try {
    return { position, record: decodeRecord(JSON.parse(payloadOf(text))) };
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof SyntaxError) return { position, undecodable: error.message };
    throw error;
  }
}

/**
 * A pipe that is almost full takes a part of a record, and then perhaps output of another program before the rest. Where
 * that tears the prefix the record behind it is whole: its checksum tells it from a line that only looks like one.
 */
function tornOff(line: string): string | undefined {
  const at = FRAME.exec(line)?.index;
  if (at === undefined) return undefined;
  const text = line.slice(at);
  try {
    payloadOf(text);
    return text;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** @throws ProtocolError where the record is damaged */
function payloadOf(text: string): string {
  // As older releases wrote it: JSON up to the end of the line.
  if (text.startsWith('{')) return text;
  const [, length = '', expected = ''] = /^(\d+) ([0-9a-f]{8}) /.exec(text) ?? [];
  const json = text.slice(length.length + expected.length + 2).slice(0, Number(length));
  if (length !== '' && json.length < Number(length)) {
    throw new ProtocolError(`static log: a record ends after ${json.length} of ${length} characters: the log was cut`);
  }
  if (checksum(json) !== expected) {
    throw new ProtocolError('static log: a record is damaged: something else was written into it, or changed it');
  }
  return json;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
