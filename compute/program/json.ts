/** JSON as programs print it, also with Python's NaN and Infinity, and with no integer changed in silence. */
import { parseValueText } from '../../core/model/value-parse.js';
import { UnfitValue } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';

/** A text in quotes, which is passed over, or a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** As a long integer begins, and no digit behind a point: for a look at the whole text. */
const MAYBE_LONG = /(?<![.\d])\d{16}/;
/** 2^53 has 16 digits. */
const LONG_INTEGER = /^-?\d{16,}$/;

/**
 * @throws SyntaxError where the text is no JSON
 * @throws UnfitValue where it holds an integer that no double is
 */
export function parseJson(text: string): Value {
  const value = parseValueText(text);
  if (MAYBE_LONG.test(text)) checkIntegers(text);
  return value;
}

/**
 * 2^60 is a double as it stands; its neighbours are not, and would become it. What JavaScript prints of a double may
 * have zeros in place of its last digits: that names the double, too.
 */
function checkIntegers(text: string): void {
  for (const [token] of text.matchAll(TOKENS)) {
    if (!LONG_INTEGER.test(token) || String(Number(token)) === token || BigInt(token) === BigInt(Number(token)))
      continue;
    const integer = token.length > 40 ? `${token.slice(0, 40)}…` : token;
    throw new UnfitValue(`the integer ${integer} is no double, as numbers are here: print it as a text, or rounded`);
  }
}
