/** Wires with the same fields → arguments of a script: the names once, then all values as one text. */
import type { Wire } from '../../wire/records.js';
import { toField } from './codec.js';
import type { Arg } from './scripts.js';

/**
 * Values travel as one JSON array of texts: client and Redis pay for each argument, and for one long text far less.
 * @param wires one or more, with the same fields in the same order
 * @param before what comes before the values of each of them
 * @returns number of rows, number of names, the names, the JSON
 */
export function tableOf(wires: readonly Wire[], before: (row: number) => readonly Arg[] = () => []): Arg[] {
  const names = Object.keys(wires[0] ?? {});
  const values: Arg[] = [];
  wires.forEach((wire, row) => {
    values.push(...before(row));
    for (const name of names) values.push(toField(wire[name]));
  });
  return [wires.length, names.length, ...names, JSON.stringify(values)];
}
