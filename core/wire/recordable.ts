/** Whether the reader of the log will take a record: asked before it is appended, since nothing is ever taken back. */
import { ProtocolError } from '../runtime/errors.js';
import { decodeRecord } from './record-codec.js';
import type { Wire } from './records.js';
import { packedCount } from './values-codec.js';

/** @returns why nobody could read this record from the log; undefined where it can be read */
export function whyUnreadable(wire: Wire): string | undefined {
  const { values, values_packed } = wire;
  if (Array.isArray(values)) {
    // By hand: the schema would take as long for a million values as it took to compute them.
    if (values.length !== wire['params_processed'])
      return `${values.length} values are not ${String(wire['params_processed'])}`;
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) return `value ${at} of its values is ${String(values[at])}, which JSON does not have`;
  }
  if (typeof values_packed === 'string' && packedCount(values_packed) !== wire['params_processed'])
    return `${packedCount(values_packed)} values are not ${String(wire['params_processed'])}`;
  try {
    // Without values nothing is copied: this runs for every chunk.
    const plain = values === undefined && values_packed === undefined;
    decodeRecord(plain ? wire : { ...wire, values: undefined, values_packed: undefined });
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}
