/** What differs between the file that a run was started with and the one it is to go on with: told before it is refused. */
import { isObject } from '../../core/model/value.js';

const SHOWN = 10;
const LONGEST = 60;

/** One line a difference: `parameters.grid.n: [64,128] → [64,128,256]`. */
export function changesBetween(known: unknown, wanted: unknown): string[] {
  const found = [...differences(known, wanted, '')];
  return found.length > SHOWN ? [...found.slice(0, SHOWN), `and ${found.length - SHOWN} more`] : found;
}

function* differences(known: unknown, wanted: unknown, path: string): Generator<string> {
  if (isObject(known) && isObject(wanted)) {
    for (const key of new Set([...Object.keys(known), ...Object.keys(wanted)]))
      yield* differences(known[key], wanted[key], path === '' ? key : `${path}.${key}`);
    return;
  }
  if (typeof known === 'string' && typeof wanted === 'string' && (known.includes('\n') || wanted.includes('\n'))) {
    if (known !== wanted) yield textDifference(known.split('\n'), wanted.split('\n'), path);
    return;
  }
  if (JSON.stringify(known) !== JSON.stringify(wanted)) yield `${path}: ${shown(known)} → ${shown(wanted)}`;
}

function textDifference(known: readonly string[], wanted: readonly string[], path: string): string {
  const at = known.findIndex((line, index) => line !== wanted[index]);
  const line = at === -1 ? known.length : at;
  return `${path}, line ${line + 1}: ${shown(known[line])} → ${shown(wanted[line])}`;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
