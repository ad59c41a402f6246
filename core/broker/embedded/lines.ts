/**
 * The coordinator's log, line by line: `<CRC-32 of the rest, 8 hex digits> <kind> <payload>`. One line is one step:
 * what belongs together is there whole or not at all. Text, so that a person can read it with `less`.
 *
 * | kind | payload                        | what happened                                                          |
 * | ---- | ------------------------------ | ---------------------------------------------------------------------- |
 * | h    | version                        | the first line: this is a log of TTG                                   |
 * | s    | offset                         | all before this offset was on the disk when this line was written      |
 * | t    | number, JSON                   | what many chunks have in common                                        |
 * | q    | t, token, window, id, JSON     | a seeder published chunks, with ids from this one on                   |
 * | l    | ids                            | leased                                                                 |
 * | b    | ids                            | given back at no cost                                                  |
 * | f    | ids                            | an execution ended without a result: it costs the attempt              |
 * | c    | id, attempt, record            | completed                                                              |
 * | p    | id, attempt, length, rest, …   | … and record: completed in part, the rest are new chunks with ids      |
 * | x    | id, attempt, JSON              | split into new chunks                                                  |
 * | d    | id, attempt, letter, JSON      | dead-lettered                                                          |
 * | u    | letter, JSON                   | something that is no chunk, dead-lettered                              |
 * | y    | letter, id, JSON               | a dead letter was replayed as a new chunk                              |
 * | o    | letters                        | dead letters were thrown away                                          |
 * | k, v | ids                            | parked, and back in the queue                                          |
 * | g    | ids                            | dropped                                                                |
 * | z    | -                              | the queue was emptied by an operator                                   |
 * | r    | record                         | plan, seeded, halted, resumed, or a result that was adopted            |
 * | a    | base64                         | what someone else appended, a record or not                            |
 */
import { crc32 } from 'node:zlib';
import { ProtocolError } from '../../runtime/errors.js';
import { decodeRecord } from '../../wire/record-codec.js';
import type { LogEntry } from '../../wire/records.js';

const NEWLINE = 10;
const SPACE = 32;
const BRACE = 123;
const BRACKET = 91;
/** The checksum, a space, the kind and a space. */
const HEAD = 11;

/** A version of its own for each change of what a line means. */
const VERSION = 'TTG log 1';

export interface Line {
  /** Of its first byte in the log. */
  readonly offset: number;
  /** Its newline included. */
  readonly length: number;
  readonly kind: string;
  readonly payload: Buffer;
}

export function encodeLine(kind: string, payload: string | Buffer): Buffer {
  return encodeLineOf(`${kind} `, typeof payload === 'string' ? Buffer.from(payload) : payload);
}

/** @param start kind, a space, and the first part of the payload, in ASCII; @param end the rest of it */
export function encodeLineOf(start: string, end: Buffer): Buffer {
  const line = Buffer.allocUnsafe(9 + start.length + end.length + 1);
  line.write(start, 9, 'latin1');
  end.copy(line, 9 + start.length);
  line[line.length - 1] = NEWLINE;
  const sum = crc32(line.subarray(9, -1));
  line.write(`${sum.toString(16).padStart(8, '0')} `, 0, 'latin1');
  return line;
}

/** How every log begins. */
export const FIRST_LINE = encodeLine('h', VERSION);

/** Whether these bytes, without a newline, are a line as it was written. */
export function isIntact(line: Buffer): boolean {
  if (line.length < HEAD || line[8] !== SPACE || line[10] !== SPACE) return false;
  return line.toString('latin1', 0, 8) === crc32(line.subarray(9)).toString(16).padStart(8, '0');
}

/** The whole lines of a part of the log. @param offset of its first byte */
export function* linesOf(bytes: Buffer, offset: number): Generator<Line> {
  for (let from = 0; ;) {
    const end = bytes.indexOf(NEWLINE, from);
    if (end < 0) return;
    yield {
      offset: offset + from,
      length: end + 1 - from,
      kind: String.fromCharCode(bytes[from + 9] ?? 0),
      payload: bytes.subarray(from + HEAD, end),
    };
    from = end + 1;
  }
}

/** The record of a line, as text; undefined where the line has none. */
function recordText({ kind, payload }: Line): string | undefined {
  if (kind === 'r') return payload.toString();
  if (kind === 'c') return payload.toString('utf8', payload.indexOf(BRACE));
  if (kind === 'a') return Buffer.from(payload.toString('latin1'), 'base64').toString();
  if (kind !== 'p') return undefined;
  const { record } = partOf(payload);
  return record.toString();
}

/** What a line says to a reader of the log; undefined where it is the queue's own affair. */
export function logEntryOf(line: Line): LogEntry | undefined {
  const position = String(line.offset);
  try {
    if (line.kind === 'd') return { position, record: decodeRecord(deathOf(line.payload).record) };
    const text = recordText(line);
    return text === undefined ? undefined : { position, record: decodeRecord(JSON.parse(text)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { position, undecodable: `log record: no JSON: ${error.message}` };
    if (!(error instanceof ProtocolError)) throw error;
    return { position, undecodable: error.message };
  }
}

/** The rest comes before the record, so many bytes of it: neither is looked for in the other. */
export function partOf(payload: Buffer): { id: number; attempt: number; rest: [number, unknown][]; record: Buffer } {
  const head = payload.toString('latin1', 0, payload.indexOf(BRACKET));
  const [id, attempt, length] = head.split(' ').map(Number) as [number, number, number];
  const end = head.length + length;
  return {
    id,
    attempt,
    rest: JSON.parse(payload.toString('utf8', head.length, end)) as [number, unknown][],
    record: payload.subarray(end + 1),
  };
}

/** A chunk that was given up, as it stands in its line. */
export interface DeathLine {
  readonly record: unknown;
  readonly chunk: unknown;
  readonly letter: {
    readonly attempts: number;
    readonly error: string;
    readonly stack_id: string;
    readonly stack: string;
    readonly worker_id: string;
    readonly failed_at: string;
  };
}

export function deathOf(payload: Buffer): DeathLine {
  return JSON.parse(payload.toString('utf8', payload.indexOf(BRACE))) as DeathLine;
}

/** 3, 4, 5, 9 → `3-5,9`. */
export function idsText(ids: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < ids.length;) {
    let last = i;
    while (last + 1 < ids.length && ids[last + 1] === (ids[last] as number) + 1) last++;
    parts.push(last > i ? `${ids[i]}-${ids[last]}` : `${ids[i]}`);
    i = last + 1;
  }
  return parts.join(',');
}

export function* idsOf(text: string): Generator<number> {
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(Number);
    for (let id = first as number; id <= (last as number); id++) yield id;
  }
}
