/** What a program of the protocol `lines` reads. */
import type { Columns } from '../model/value.js';

/** A parameter as a program sees it: its columns, or its index where it has none. */
export type Parameter = Columns | number;

/**
 * `{"index":17,"parameter":{…}}`, and where it takes batches `{"index":17,"parameters":[{…},…]}`: 17, 18 and so on.
 * @param index of the first one
 * @returns the line without its newline
 */
export function lineText(index: number, parameters: readonly Parameter[], inBatches: boolean): string {
  return inBatches
    ? `{"index":${index},"parameters":${JSON.stringify(parameters)}}`
    : `{"index":${index},"parameter":${JSON.stringify(parameters[0])}}`;
}
