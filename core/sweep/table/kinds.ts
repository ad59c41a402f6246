/** What a CSV column holds: numbers, truth values or texts, decided by all of its fields together. */
import type { Scalar } from '../../model/value.js';

/** JSON's grammar: a text such as 007, +1 or 0x10 is a name rather than a number. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const WHOLE = /^-?\d+$/;
const TRUE = ['true', 'True', 'TRUE'];
const FALSE = ['false', 'False', 'FALSE'];

/** Collects what a column may still be. An empty field is null and decides nothing. */
export class Kind {
  #numbers = true;
  #booleans = true;

  see(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    if (this.#numbers && !isNumber(bytes, start, end)) this.#numbers = false;
    if (this.#booleans && !isTruth(bytes, start, end)) this.#booleans = false;
  }

  /** How the column's texts become values. */
  get read(): (text: string) => Scalar {
    if (this.#numbers) return (text) => (text === '' ? null : Number(text) + 0);
    if (this.#booleans) return (text) => (text === '' ? null : TRUE.includes(text));
    return (text) => (text === '' ? null : text);
  }
}

/**
 * Whether a double holds the number that is written. Of a fraction's many digits it may hold fewer; a whole number
 * beyond 2^53 is a name, and another one when a digit of it is lost.
 */
function isNumber(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= 15 && isPlain(bytes, start, end)) return true;
  if (end - start > 400) return false;
  const text = bytes.toString('latin1', start, end);
  if (!NUMBER.test(text)) return false;
  const number = Number(text);
  return Number.isFinite(number) && (!WHOLE.test(text) || Number.isSafeInteger(number));
}

/** Up to 15 digits and no more than that: most of what there is. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] === 0x30) return end === start + 1;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

function isTruth(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 5) return false;
  const text = bytes.toString('latin1', start, end);
  return TRUE.includes(text) || FALSE.includes(text);
}
