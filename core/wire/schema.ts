/**
 * What the schemas of all messages share: how numbers, flags and exact sums stand on a wire, and words for what is
 * wrong.
 */
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { decimalText } from '../model/exact-sum.js';
import { ProtocolError } from '../runtime/errors.js';

/** zod/mini has no texts of its own: without these every message is "Invalid input". */
const LIMITS = en().localeError;

/** Flat wires carry numbers as text. No coercion: it would read an empty or missing field as 0. */
export const decimal = z.transform(
  (value: unknown) => (typeof value === 'string' && value.trim() ? Number(value) : value) as number,
);
export const natural = z.pipe(decimal, z.number().check(z.int(), z.gte(0)));
export const text = z.string();
export const filled = z.string().check(z.minLength(1));
export const digest = z.string().check(z.regex(/^[0-9a-f]{32}$/));
export const range = { start_param: natural, end_param: natural };

/** Flat wires carry a flag as text. What was written before the field existed has none: false. */
export const flag = z.pipe(
  z.transform((value: unknown) => (value === 'true' ? true : value === 'false' || value === undefined ? false : value)),
  z.boolean(),
);

/** A JSON number where that names the sum exactly, else its digits as text. */
export const exactDecimal = z.pipe(
  z.transform((value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? decimalText(value) : value)),
  z.string().check(z.regex(/^-?\d+(\.\d*[1-9])?$/)),
);

/** @throws ProtocolError naming each field that is wrong */
export function parse<T extends z.ZodMiniType>(schema: T, wire: unknown, what: string): z.output<T> {
  const parsed = z.safeParse(schema, wire, { error: LIMITS });
  if (parsed.success) return parsed.data;
  throw new ProtocolError(`${what}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
}
