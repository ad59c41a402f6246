/** Parameters that are numbers in a row: plain (`total`), which are their own index, or `from` … `to`, the column `parameter`. */
import type { Columns } from '../model/value.js';
import { Fault, objectOf, onlyKeys, show, wholeOf, type Path } from './fault.js';

export interface Range {
  readonly total: number;
  readonly columns: readonly string[];
  at(index: number): Columns;
  standIns(): Iterable<Columns>;
  readonly words: string;
  readonly normal: unknown;
}

export function rangeOf(given: unknown, path: Path): Range {
  if (typeof given === 'number') return plain(wholeOf(given, path, 1));
  const range = objectOf(given, path, '{total: 1000}, whose parameters are 0 to 999, or {from: 1, to: 1000}');
  onlyKeys(range, ['total', 'from', 'to'], path);
  if (range['total'] !== undefined) {
    if (Object.keys(range).length > 1) throw new Fault(path, `is ${show(range)}: give total, or from and to`);
    return plain(wholeOf(range['total'], [...path, 'total'], 1));
  }
  for (const end of ['from', 'to'])
    if (range[end] === undefined) throw new Fault(path, `has no "${end}": give {from: 1, to: 1000}, or {total: 1000}`);
  const from = wholeOf(range['from'], [...path, 'from'], Number.MIN_SAFE_INTEGER);
  const to = wholeOf(range['to'], [...path, 'to'], Number.MIN_SAFE_INTEGER);
  if (to < from) throw new Fault([...path, 'to'], `is ${to}, below from (${from}): exchange them`);
  const total = to - from + 1;
  if (!Number.isSafeInteger(total)) throw new Fault(path, 'has more than 2^53 − 1 parameters: give fewer');
  return {
    total,
    columns: ['parameter'],
    words: `parameter from ${from} to ${to}`,
    // The end is left out: a larger one only adds parameters behind these.
    normal: { from },
    at: (index) => ({ parameter: from + index }),
    standIns: () => [{ parameter: from }, { parameter: to }],
  };
}

function plain(total: number): Range {
  const none: Columns = Object.freeze({});
  return { total, columns: [], words: `range from 0 to ${total - 1}`, normal: {}, at: () => none, standIns: () => [] };
}
