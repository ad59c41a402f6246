/** JSON as programs print it: also with the NaN and Infinity of Python and JavaScript, and no integer changed in silence. */
import type { Value } from '../../core/model/value.js';

/** A text in quotes, or what is no JSON outside of one. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?Infinity\b|-?NaN\b/g;
/** 2^53 and more have 16 digits at least. */
const LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\b\d{16,}\b(?![.eE])/g;
/** Stands for a number that JSON does not have; no text may begin so. */
const MARK = '\u0000ttg:';

/** @throws Error where the text is no JSON, or holds an integer that a double cannot hold */
export function parseJson(text: string): Value {
  checkIntegers(text);
  try {
    return JSON.parse(text) as Value;
  } catch (thrown) {
    if (!/NaN|Infinity/.test(text) || text.includes('\\u0000ttg:')) throw thrown;
    const marked = text.replace(TOKENS, (token) => (token.startsWith('"') ? token : JSON.stringify(MARK + token)));
    return JSON.parse(marked, (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
    ) as Value;
  }
}

/** 2^60 is a double as it stands; its neighbours are not, and would become it. */
function checkIntegers(text: string): void {
  if (!/\d{16}/.test(text)) return;
  for (const [token] of text.matchAll(LONG_INTEGER)) {
    if (token.startsWith('"') || BigInt(token) === BigInt(Number(token))) continue;
    throw new InexactError(
      `the integer ${token.length > 40 ? `${token.slice(0, 40)}…` : token} is no double, as numbers are here: print it as a text, or rounded`,
    );
  }
}

/** A number that would be changed. */
export class InexactError extends Error {
  override readonly name = 'InexactError';
}
