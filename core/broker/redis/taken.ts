/** What take.lua answers → entries. */
import type { Entry } from './codec.js';

type Packed = readonly [ids: string, first: readonly string[], places: readonly number[], columns: readonly string[]];

export type Taken = readonly [] | readonly [entries: readonly Entry[]] | Packed;

export function unpackTaken(taken: Taken): readonly Entry[] {
  if (taken.length === 0) return [];
  if (taken.length === 1) return taken[0];
  const [ids, first, places, columns] = taken;
  const values = columns.map((column) => column.split('\n'));
  return ids.split('\n').map((id, i) => {
    const fields = first.slice();
    // Lua counts from 1.
    places.forEach((place, column) => (fields[place - 1] = values[column]?.[i] as string));
    return [id, fields];
  });
}
