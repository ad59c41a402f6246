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
  const text = bytes
    .toString()
    .replace(/^\ufeff/, '')
    .replace(/\r?\n$/, '');
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
  // What is none comes back as another character.
  const again = Buffer.from(bytes.toString());
  const at = bytes.findIndex((byte, i) => byte !== again[i]);
  throw new Error(`it printed bytes that are no UTF-8, at byte ${at}: print text in UTF-8, and binary data as base64`);
}
