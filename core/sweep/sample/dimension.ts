/** What a sample draws a column from: an interval, a list, or a constant. */
import { isObject, type Scalar } from '../../model/value.js';
import { A_FRACTION, scalarOf } from '../axis.js';
import { Fault, numberOf, onlyKeys, show, wholeOf, type Path } from '../fault.js';

export interface Dimension {
  /** @param u in [0, 1) */
  at(u: number): Scalar;
  /** Values that have the types of all others. */
  readonly standIns: readonly Scalar[];
  /** Whether it takes a dimension of the sequence. */
  readonly varies: boolean;
  readonly normal: unknown;
}

const FORM = 'an interval such as {from: 0, to: 1}, a list to choose from, or a constant';

export function dimensionOf(given: unknown, path: Path): Dimension {
  if (Array.isArray(given)) return choice(given, path);
  if (!isObject(given)) {
    const value = scalarOf(given, path);
    return { varies: false, normal: [value], standIns: [value], at: () => value };
  }
  onlyKeys(given, ['from', 'to', 'log', 'integer', 'values'], path);
  if (given['values'] !== undefined) {
    if (Object.keys(given).length > 1 || !Array.isArray(given['values']))
      throw new Fault(path, `is ${show(given)}: give ${FORM}`);
    return choice(given['values'], [...path, 'values']);
  }
  return interval(given, path);
}

function choice(given: readonly unknown[], path: Path): Dimension {
  if (given.length === 0) throw new Fault(path, 'is empty: give at least one value to choose from');
  const values = given.map((value, i) => scalarOf(value, [...path, i]));
  const at = (u: number): Scalar => values[Math.floor(u * values.length)] as Scalar;
  return { varies: values.length > 1, normal: values, standIns: values, at };
}

function interval(given: Readonly<Record<string, unknown>>, path: Path): Dimension {
  for (const end of ['from', 'to'])
    if (given[end] === undefined) throw new Fault(path, `is ${show(given)} and has no "${end}": give ${FORM}`);
  const { log = false, integer = false } = given;
  for (const [name, flag] of [
    ['log', log],
    ['integer', integer],
  ] as const)
    if (typeof flag !== 'boolean') throw new Fault([...path, name], `is ${show(flag)}: give true or false`);
  const end = (name: 'from' | 'to'): number =>
    integer ? wholeOf(given[name], [...path, name], Number.MIN_SAFE_INTEGER) : numberOf(given[name], [...path, name]);
  const [from, to] = [end('from'), end('to')];
  if (to < from) throw new Fault([...path, 'to'], `is ${to}, below from (${from}): exchange them`);
  if (log && from <= 0) throw new Fault([...path, 'from'], `is ${from}, which has no logarithm: give one above 0`);
  if (integer && !Number.isSafeInteger(to - from + 1))
    throw new Fault(path, `has more than 2^53 − 1 whole numbers: give fewer`);
  const normal = { from, to, ...(log ? { log: true } : {}), ...(integer ? { integer: true } : {}) };
  const standIns = integer || from === to ? [from, to] : [A_FRACTION];
  return { varies: to > from, normal, standIns, at: within(from, to, draw(from, to, log === true, integer === true)) };
}

function draw(from: number, to: number, log: boolean, integer: boolean): (u: number) => number {
  if (!log && integer) return (u) => from + Math.floor(u * (to - from + 1));
  // The two parts cannot overflow, as the difference can.
  if (!log) return Number.isFinite(to - from) ? (u) => from + u * (to - from) : (u) => from * (1 - u) + to * u;
  // Each whole number gets the part of the axis that rounds to it.
  const half = integer ? 0.5 : 0;
  const [low, high] = [Math.log(from - half), Math.log(to + half)];
  const at = (u: number): number => Math.exp(low + u * (high - low));
  return integer ? (u) => Math.round(at(u)) : at;
}

/** Rounding leads at most to an end. */
function within(from: number, to: number, at: (u: number) => number): (u: number) => number {
  return (u) => Math.min(to, Math.max(from, at(u))) + 0;
}
