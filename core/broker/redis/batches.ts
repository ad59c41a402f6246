/** Completions → the batches in which they are sent. Pure. */
import type { ResultRecord, Wire } from '../../wire/records.js';
import type { Lease } from './delivery.js';

/**
 * Redis does nothing else while a script runs, so batches are bounded by items and by the characters of kept values.
 */
export const MOST_ITEMS = 250;
export const MOST_LENGTH = 1_000_000;

export interface Item {
  readonly lease: Lease;
  readonly record: ResultRecord;
  readonly wire: Wire;
  readonly length: number;
}

/** Name of the field that holds the values; undefined where none does. */
function valuesField(item: Item | undefined): string | undefined {
  return item && ['values', 'values_packed'].find((name) => item.wire[name] !== undefined);
}

/** One call is for one run, and its records have the same fields. */
export function* batchesOf(items: readonly Item[]): Generator<Item[]> {
  let batch: Item[] = [];
  let length = 0;
  for (const item of items) {
    const before = batch[0]?.record;
    const alike = before?.runId === item.record.runId && valuesField(batch[0]) === valuesField(item);
    if (before && (!alike || batch.length >= MOST_ITEMS || length >= MOST_LENGTH)) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(item);
    length += item.length;
  }
  if (batch.length > 0) yield batch;
}
