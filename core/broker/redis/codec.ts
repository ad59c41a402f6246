/** Wire objects ↔ the flat fields of a stream entry: nested values are JSON text there. */
import { asError, ProtocolError } from '../../runtime/errors.js';
import type { Wire } from '../../wire/records.js';
import { NESTED_FIELDS } from '../../wire/record-codec.js';
import type { Arg } from './scripts.js';

/** An entry of a stream as Redis returns it. */
export type Entry = readonly [id: string, fields: readonly string[]];

const NESTED = new Set(NESTED_FIELDS);

export function toFields(wire: Wire): Arg[] {
  const fields: Arg[] = [];
  for (const name in wire) fields.push(name, toField(wire[name]));
  return fields;
}

export function toField(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : JSON.stringify(value);
}

/** @throws ProtocolError if a nested value is not JSON */
export function fromFields(fields: readonly string[]): Wire {
  const wire: Wire = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    wire[name] = NESTED.has(name) ? parse(name, value) : value;
  }
  return wire;
}

function parse(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new ProtocolError(`field ${name} is not JSON: ${asError(error).message}`);
  }
}
