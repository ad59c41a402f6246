/**
 * The values of a record as an object of their own: what values-codec.ts says of them, without base64. The text up to
 * the first colon is their kind and their number (`d1000:`), the bytes behind it are what that says.
 */
import { createHash } from 'node:crypto';
import { size, type Interval } from '../model/interval.js';
import type { Value } from '../model/value.js';
import { asError, ProtocolError } from '../runtime/errors.js';
import type { Kept, ValuesAt } from './records.js';
import { packedText, packedCount, unpackKind } from './values-codec.js';

/** What a number takes in such an object, reckoned with before there are any: a double and its share of the head. */
export const OBJECT_BYTES_PER_NUMBER = 9;

/** `d`, up to 16 digits, colon. */
const LONGEST_HEAD = 18;

/** @returns undefined where there are no values */
export function objectOf(kept: Kept): Buffer | undefined {
  const packed = packedText(kept);
  if (packed === undefined) return undefined;
  if (packed.startsWith('t')) return Buffer.from(packed);
  const colon = packed.indexOf(':') + 1;
  return Buffer.concat([Buffer.from(packed.slice(0, colon)), Buffer.from(packed.slice(colon), 'base64')]);
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws ProtocolError where these are not the bytes that the record names, or not the values of its parameters */
export function valuesOf(bytes: Buffer, { bytes: length, sha256 }: ValuesAt, parameters: Interval): Value[] {
  if (bytes.length !== length) throw new ProtocolError(`it has ${bytes.length} bytes, and its record says ${length}`);
  const found = sha256Of(bytes);
  if (found !== sha256) throw new ProtocolError(`its SHA-256 is ${found}, and its record says ${sha256}`);
  const head = bytes.subarray(0, LONGEST_HEAD).toString('latin1');
  const count = packedCount(head);
  if (count !== size(parameters))
    throw new ProtocolError(`it says that it holds ${count} values, and its record has ${size(parameters)} parameters`);
  let values: Value[];
  try {
    values = unpackKind(head.charAt(0), bytes.subarray(head.indexOf(':') + 1), count);
  } catch (error) {
    throw new ProtocolError(`it cannot be unpacked: ${asError(error).message}`, { cause: error });
  }
  if (values.length !== count) throw new ProtocolError(`it holds ${values.length} values, and says ${count}`);
  return values;
}
