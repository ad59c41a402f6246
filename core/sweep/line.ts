/** What a program of the protocol `lines` reads. */
/**
 * `{"index":17,"parameter":{…}}`, and where it takes batches `{"index":17,"parameters":[{…},…]}`: 17, 18 and so on.
 * @param index of the first one
 * @param parameters as JSON: their columns, or the index where they have none
 * @returns the line without its newline
 */
export function lineText(index: number, parameters: readonly string[], inBatches: boolean): string {
  return inBatches
    ? `{"index":${index},"parameters":[${parameters.join(',')}]}`
    : `{"index":${index},"parameter":${parameters[0]}}`;
}
