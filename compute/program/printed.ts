/** What a program printed → the value of its parameter. */
import { isUtf8 } from 'node:buffer';
import { UnfitValue } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import { parseJson } from './json.js';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** As printf, Python, R and Fortran print what is no number, and what is infinite. */
const NO_NUMBER = /^[+-]?nan$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;

/**
 * JSON if it is, else a number, else text without one newline at its end; `null` where it printed nothing.
 * @throws Error where the bytes are no UTF-8, or hold an integer that is no double
 */
export function printedValue(bytes: Buffer): Value {
  checkUtf8(bytes);
  const text = bytes.toString().replace(/^\ufeff/, '').replace(/\r?\n$/, '');
  if (text === '') return null;
  const word = text.trim();
  if (DECIMAL.test(word)) return /^[+-]?\d{16,}$/.test(word) ? parseJson(word.replace('+', '')) : Number(word);
  if (NO_NUMBER.test(word)) return NaN;
  const infinite = INFINITE.exec(word);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (!/^[{["tfn]/.test(word)) return text;
  try {
    return parseJson(text);
  } catch (thrown) {
    if (thrown instanceof UnfitValue) throw thrown;
    return text;
  }
}

/** @throws Error with the place of the first byte that is none */
export function checkUtf8(bytes: Buffer): void {
  if (isUtf8(bytes)) return;
  let good = 0;
  for (let bad = bytes.length; bad - good > 1;) {
    const middle = Math.floor((good + bad) / 2);
    // A character that is cut at the end is none either: up to three bytes are forgiven there.
    const isGood = [0, 1, 2, 3].some((less) => isUtf8(bytes.subarray(0, Math.max(0, middle - less))));
    if (isGood) good = middle;
    else bad = middle;
  }
  throw new Error(`it printed bytes that are no UTF-8, near byte ${good}: print text in UTF-8, and binary data as base64`);
}
