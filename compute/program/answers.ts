/** Bytes of a program's standard output → answers of the protocol `lines`, and whatever else it prints between them. */
import { isUtf8 } from 'node:buffer';
import { answerIn, type Answer } from './answer.js';

export interface Reader {
  /** The index that is most likely answered next. */
  readonly awaited: number;
  /** Lists of values are asked for. */
  readonly inBatches: boolean;
  readonly answered: (answer: Answer) => void;
  /** A line, or the beginning of one, that is no answer. */
  readonly printed: (text: string) => void;
}

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
    const isList = this.#reader.inBatches;
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('\n', start);
      if (isList || !this.#plainNumber(text, start, end)) this.#line(text.slice(start, end));
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
    const answer = answerIn(line, this.#reader.inBatches);
    const error = 'the answer is no UTF-8: print text in UTF-8, and binary data as base64';
    if (answer && JSON.stringify(answer).includes('\ufffd')) this.#reader.answered({ index: answer.index, error });
    else if (answer) this.#reader.answered(answer);
    else this.#reader.printed(line);
  }

  #line(line: string): void {
    const answer = answerIn(line, this.#reader.inBatches);
    if (answer) this.#reader.answered(answer);
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

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/;

/** @returns the place after it; −1 where the text does not go on so */
function skip(text: string, what: string, at: number): number {
  return text.startsWith(what, at) ? at + what.length : -1;
}
