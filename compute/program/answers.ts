/** Bytes of a program's standard output → answers of the protocol `lines`, and whatever else it prints between them. */
import { isUtf8 } from 'node:buffer';
import { parseValueText } from '../../core/model/value-parse.js';
import { MAX_VALUE_BYTES, UnfitValue } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import { bytesText } from './bytes.js';
import { parseJson } from './json.js';

/** What one line says: of which parameter, and its value or why it has none. */
export type Answer = { readonly index: number } & ({ readonly value: Value } | { readonly error: string });

export interface Reader {
  /** The index that is most likely answered next. */
  readonly awaited: number;
  readonly answered: (answer: Answer) => void;
  /** A line, or the beginning of one, that is no answer. */
  readonly printed: (text: string) => void;
}

/** Where an answer may begin within a line: what was printed before it may have had no newline. */
const BEGINNING = /\{\s*"(?:index|value|error)"\s*:/g;
const MOST_BEGINNINGS = 50;
const NEWLINE = 10;

export class AnswerParser {
  readonly #reader: Reader;
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Bytes of the line that has not ended yet. */
  get unfinished(): number {
    return this.#restBytes;
  }

  /** How that line begins. */
  beginning(): string {
    return Buffer.concat(this.#rest).subarray(0, 200).toString();
  }

  add(bytes: Buffer): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const whole = bytes.subarray(0, end);
      this.#lines(this.#restBytes === 0 ? whole : Buffer.concat([...this.#rest, whole]));
      this.#rest = [];
      this.#restBytes = 0;
    }
    if (end === bytes.length) return;
    this.#rest.push(bytes.subarray(end));
    this.#restBytes += bytes.length - end;
  }

  #lines(bytes: Buffer): void {
    // Once for many lines; a single one that is no UTF-8 must not spoil its neighbours.
    if (!isUtf8(bytes)) return this.#oneByOne(bytes);
    const text = bytes.toString();
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('\n', start);
      if (!this.#plainNumber(text, start, end)) this.#line(text.slice(start, end));
      start = end + 1;
    }
  }

  #oneByOne(bytes: Buffer): void {
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, start);
      const line = bytes.subarray(start, end);
      if (isUtf8(line)) this.#line(line.toString());
      else this.#spoilt(line.toString());
      start = end + 1;
    }
  }

  /** @param line with replacement characters; what was meant is lost, but perhaps not for which parameter */
  #spoilt(line: string): void {
    const answer = answerIn(line);
    const error = 'the answer is no UTF-8: print text in UTF-8, and binary data as base64';
    if (answer && JSON.stringify(answer).includes('\ufffd')) this.#reader.answered({ index: answer.index, error });
    else if (answer) this.#reader.answered(answer);
    else this.#reader.printed(line);
  }

  #line(line: string): void {
    const answer = answerIn(line);
    if (answer) this.#reader.answered(line.length > MAX_VALUE_BYTES ? tooLong(answer) : answer);
    else if (line.trim() !== '') this.#reader.printed(line);
  }

  /**
   * `{"index": <the awaited>, "value": <a short number>}`, as most lines are: many times faster than JSON.parse.
   * @returns whether the line was one
   */
  #plainNumber(text: string, start: number, end: number): boolean {
    const { awaited } = this.#reader;
    let at = skip(text, '{"index":', start);
    if (at < 0) return false;
    if (text.charCodeAt(at) === 32) at++;
    at = skip(text, String(awaited), at);
    if (at < 0) return false;
    at = skip(text, ', "value": ', at) < 0 ? skip(text, ',"value":', at) : at + 11;
    if (at < 0) return false;
    const last = text.charCodeAt(end - 1) === 13 ? end - 2 : end - 1;
    // 15 digits are exact; longer ones are looked at closely.
    if (text.charCodeAt(last) !== 125 || last <= at || last - at > 24) return false;
    let digits = 0;
    for (let i = at; i < last; i++) {
      const code = text.charCodeAt(i);
      if (code >= 48 && code <= 57) digits++;
      else if (code !== 46 && code !== 45 && code !== 101 && code !== 43) return false;
    }
    const number = text.slice(at, last);
    if ((digits > 15 && !number.includes('.')) || !JSON_NUMBER.test(number)) return false;
    this.#reader.answered({ index: awaited, value: Number(number) });
    return true;
  }
}

const tooLong = ({ index }: Answer): Answer => ({
  index,
  error: `the answer has more than ${bytesText(MAX_VALUE_BYTES)}, which a value may have at most`,
});

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/;

/** @returns the place after it; −1 where the text does not go on so */
function skip(text: string, what: string, at: number): number {
  return text.startsWith(what, at) ? at + what.length : -1;
}

/** An answer ends its line. What stands before it is not looked at. */
function answerIn(line: string): Answer | undefined {
  let tried = 0;
  for (const { index: at } of line.matchAll(BEGINNING)) {
    if (++tried > MOST_BEGINNINGS) return undefined;
    const answer = asAnswer(line.slice(at));
    if (answer) return answer;
  }
  return undefined;
}

function asAnswer(text: string): Answer | undefined {
  let parsed: Partial<Record<'index' | 'value' | 'error', Value>>;
  try {
    parsed = parseJson(text) as typeof parsed;
  } catch (thrown) {
    return inexact(text, thrown);
  }
  const { index, value, error } = parsed;
  if (typeof index !== 'number') return undefined;
  if (error !== undefined && error !== null)
    return { index, error: typeof error === 'string' ? error : JSON.stringify(error) };
  return value === undefined ? undefined : { index, value };
}

/** An answer with a number that would be changed is an answer, and wrong. */
function inexact(text: string, thrown: unknown): Answer | undefined {
  if (!(thrown instanceof UnfitValue)) return undefined;
  const { index } = parseValueText(text) as { index?: unknown };
  return typeof index === 'number' ? { index, error: thrown.message } : undefined;
}
