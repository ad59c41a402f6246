/**
 * The values of a record as they stand on the wire. A few finite numbers are a list of JSON. All others are one text,
 * its kind and their number first: `z1000:` and base64 of
 *   d  the raw deflate of doubles (little-endian), the first bytes of all before the second of all, and so on,
 *   z  the raw deflate of a list in the text of `valueText`,
 *   t  (no base64) such a list as it is, where it is short.
 *
 * Bytes a number with its base64, in records of 10,000 (of 100): random doubles 9.0 (10.0), as JSON text 19.3; of two
 * decimals 4.2 (4.4) instead of 6.8; an arithmetic sequence 0.8 (2.4) instead of 7.8; an object of two random doubles and
 * an integer 31 instead of 67. Packing a number takes 0.1 to 0.25 µs, so it is done where they are computed, and
 * unpacking 0.05 µs; of such an object 0.6 and 0.5, where one of its numbers is NaN 1.4.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { parseValueText } from '../model/value-parse.js';
import { UnfitValue, valueText } from '../model/value-text.js';
import type { Value } from '../model/value.js';
import { asError, ProtocolError } from '../runtime/errors.js';
import type { Kept } from './records.js';

/** What a packed number takes in a record, reckoned with before there are any: random doubles take the most. */
export const BYTES_PER_NUMBER = 11;

/** Up to so many finite numbers are no shorter in any other way that is worth its time. */
const FEW = 64;
/** Characters of a list that are not deflated. */
const SHORT_TEXT = 1000;
/** Characters of all values of a record; a reader takes three bytes for each. */
const MOST_TEXT = 64 << 20;
const MOST_BYTES = 3 * MOST_TEXT;
/** Higher levels take up to four times as long for 2 % less. */
const DEFLATE = { level: 1 };

/** Collects the values of a record. */
export class ValuePacker {
  readonly #numbers: number[] = [];
  /** In place of the numbers, once there is a value of another kind. */
  #texts: string[] | undefined;
  #length = 0;

  addNumber(value: number): void {
    if (this.#texts) this.addText(String(value));
    else this.#numbers.push(value);
  }

  /**
   * @param text of a value, see valueText
   * @throws UnfitValue where a record cannot hold it beside those before it. Its chunk will be split
   */
  addText(text: string): void {
    this.#texts ??= this.#numbers.map(String);
    this.#length += text.length + 1;
    if (this.#length > MOST_TEXT) {
      throw new UnfitValue(
        `the values of one chunk take more than ${MOST_TEXT} characters as JSON: make smaller chunks (CHUNK_SIZE; chart: ` +
          'run.chunkSize), or keep no values (RESULTS_STORE=none; chart: results.store)',
      );
    }
    this.#texts.push(text);
  }

  kept(): Kept {
    if (this.#texts) return { packed: packText(this.#texts) };
    const numbers = this.#numbers;
    if (numbers.length <= FEW && numbers.every(Number.isFinite)) return { values: numbers };
    return { packed: packNumbers(numbers) };
  }
}

export function pack(values: readonly Value[]): Kept {
  const packer = new ValuePacker();
  for (const value of values) {
    if (typeof value === 'number') packer.addNumber(value + 0);
    else packer.addText(valueText(value));
  }
  return packer.kept();
}

/** As one text, however few they are; undefined where there are none. */
export function packedText(kept: Kept): string | undefined {
  if (kept.packed !== undefined || !kept.values) return kept.packed;
  const { packed, values = [] } = pack(kept.values);
  return packed ?? packText(values.map(String));
}

/** How many values there are, as the text says. */
export function packedCount(packed: string): number {
  return Number(/^[dtz](\d{1,16}):/.exec(packed)?.[1] ?? NaN);
}

/** @throws ProtocolError where they are damaged, or more than a record may hold */
export function unpack(packed: string): Value[] {
  const count = packedCount(packed);
  if (Number.isNaN(count)) throw new ProtocolError(`packed values begin with ${JSON.stringify(packed.slice(0, 20))}`);
  try {
    const payload = packed.slice(packed.indexOf(':') + 1);
    // Node skips whatever is none.
    if (!packed.startsWith('t') && !BASE64.test(payload)) throw new ProtocolError('packed values are not base64');
    const values = unpackKind(
      packed.charAt(0),
      packed.startsWith('t') ? Buffer.from(payload) : Buffer.from(payload, 'base64'),
      count,
    );
    if (values.length === count) return values;
    throw new ProtocolError(`packed values: ${values.length} are not ${count}`);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError(`packed values cannot be read: ${asError(error).message}`, { cause: error });
  }
}

/** @param bytes deflated but for `t` */
export function unpackKind(kind: string, bytes: Buffer, count: number): Value[] {
  if (kind === 't') return listOf(bytes.toString());
  if (kind === 'z') return listOf(inflateRawSync(bytes, { maxOutputLength: MOST_BYTES }).toString());
  return doublesOf(inflateRawSync(bytes, { maxOutputLength: Math.min(MOST_BYTES, count * 8 + 1) }), count);
}

function listOf(text: string): Value[] {
  const list = parseValueText(text);
  if (!Array.isArray(list)) throw new ProtocolError('packed values are no list');
  return list as Value[];
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function packText(texts: readonly string[]): string {
  const text = `[${texts.join(',')}]`;
  if (text.length <= SHORT_TEXT) return `t${texts.length}:${text}`;
  return `z${texts.length}:${deflateRawSync(text, DEFLATE).toString('base64')}`;
}

function packNumbers(numbers: readonly number[]): string {
  if (numbers.length <= FEW) return packText(numbers.map(String));
  const packed = `d${numbers.length}:${deflateRawSync(bytesOf(numbers), DEFLATE).toString('base64')}`;
  // Few decimals are many bits: 0.1 has no end.
  const sample = numbers.slice(0, FEW).join('').length / FEW;
  if (sample > 9) return packed;
  const asText = packText(numbers.map(String));
  return asText.length < packed.length ? asText : packed;
}

/** Equal bytes come together: signs, exponents, and the zeros at the end of short fractions. */
function bytesOf(numbers: readonly number[]): Buffer {
  const count = numbers.length;
  const doubles = new Uint8Array(Float64Array.from(numbers).buffer);
  const bytes = Buffer.allocUnsafe(count * 8);
  for (let place = 0; place < 8; place++)
    for (let i = 0, from = place, to = place * count; i < count; i++, from += 8, to++)
      bytes[to] = doubles[from] as number;
  return bytes;
}

function doublesOf(bytes: Buffer, count: number): number[] {
  if (bytes.length !== count * 8)
    throw new ProtocolError(`packed values: ${bytes.length} bytes are not ${count} doubles`);
  const doubles = new Uint8Array(count * 8);
  for (let place = 0; place < 8; place++)
    for (let i = 0, to = place, from = place * count; i < count; i++, to += 8, from++)
      doubles[to] = bytes[from] as number;
  return Array.from(new Float64Array(doubles.buffer));
}
