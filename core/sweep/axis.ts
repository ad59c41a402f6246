/** One axis of a grid: a list, a constant, or a range. */
import { isObject, type Scalar } from '../model/value.js';
import { Fault, numberOf, onlyKeys, show, wholeOf, type Path } from './fault.js';
import { linear, logarithmic, stepped, type Progression } from './points.js';

export interface Axis {
  readonly size: number;
  at(index: number): Scalar;
  /** Values that have the types of all others. */
  readonly standIns: readonly Scalar[];
  /** The axis as data, spelled in one way whatever way it was written in. */
  readonly normal: unknown;
}

/** Stands for numbers of which some are fractions. */
export const A_FRACTION = 0.5;

const KEYS = ['from', 'to', 'step', 'steps', 'log', 'values'] as const;
const FORMS = 'a list, a number, a text, true, false, null, or a range such as {from: 0, to: 1, steps: 11}';

export function axisOf(given: unknown, path: Path): Axis {
  if (Array.isArray(given)) return listAxis(given, path);
  if (!isObject(given)) return listAxis([given], path);
  onlyKeys(given, KEYS, path);
  if (given['values'] === undefined) return rangeAxis(given, path);
  if (Object.keys(given).length > 1)
    throw new Fault(
      path,
      `has values and ${Object.keys(given)
        .filter((key) => key !== 'values')
        .join(', ')}: give one`,
    );
  return axisOf(given['values'], [...path, 'values']);
}

/** @throws Fault where the value is no scalar, or a number that is not what was written */
export function scalarOf(value: unknown, path: Path): Scalar {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return numberOf(value, path);
  throw new Fault(path, `is ${show(value)}: give a number, a text, true, false or null`);
}

function listAxis(given: readonly unknown[], path: Path): Axis {
  if (given.length === 0) throw new Fault(path, 'is empty: with it there are no parameters. Give at least one value');
  // A constant is named by its own path, an element by its place in the list.
  const values = given.map((value, i) => {
    if (isObject(value) || Array.isArray(value))
      throw new Fault([...path, i], `is ${show(value)}: ${FORMS} is an axis`);
    return scalarOf(value, given.length === 1 ? path : [...path, i]);
  });
  return { size: values.length, at: (i) => values[i] as Scalar, standIns: values, normal: values };
}

function rangeAxis(given: Readonly<Record<string, unknown>>, path: Path): Axis {
  for (const end of ['from', 'to'])
    if (given[end] === undefined) throw new Fault(path, `is ${show(given)} and has no "${end}": give ${FORMS}`);
  const from = numberOf(given['from'], [...path, 'from']);
  const to = numberOf(given['to'], [...path, 'to']);
  const { step, steps, log = false } = given;
  if (typeof log !== 'boolean') throw new Fault([...path, 'log'], `is ${show(log)}: give true or false`);
  if (step !== undefined && steps !== undefined)
    throw new Fault(path, 'has both step and steps: give the distance (step) or the number of points (steps)');
  if (log) return logAxis(from, to, given, path);
  if (steps !== undefined) {
    const count = stepsOf(steps, from, to, [...path, 'steps']);
    return axis(linear(from, to, count), { from, to, steps: count }, path);
  }
  return steppedAxis(from, to, step, path);
}

function steppedAxis(from: number, to: number, given: unknown, path: Path): Axis {
  const where = [...path, 'step'];
  const step = given === undefined ? 1 : numberOf(given, where);
  if (step === 0) throw new Fault(where, `is 0, by which nothing leads from ${from} to ${to}: give another, or steps`);
  if (step > 0 !== to > from && to !== from)
    throw new Fault(
      given === undefined ? path : where,
      `${given === undefined ? 'has the step 1, which' : `is ${step}, and`} leads away from ${from} to ${to}: ` +
        `give ${-step}, or exchange the ends`,
    );
  const points = stepped(from, to, step);
  if (points.last !== to)
    throw new Fault(
      where,
      `is ${step}, which does not lead from ${from} to ${to} exactly: the last point is ${points.last}. ` +
        `Set to: ${points.last}, or give steps: N for N points that hit both ends`,
    );
  return axis(points, { from, to, step }, path);
}

function logAxis(from: number, to: number, { step, steps }: Readonly<Record<string, unknown>>, path: Path): Axis {
  if (step !== undefined || steps === undefined)
    throw new Fault(path, 'is logarithmic: give the number of points (steps), and no step');
  if (!(from * Math.sign(to) > 0))
    throw new Fault(path, `is logarithmic, and from ${from} to ${to} no factor leads: give ends of one sign, not 0`);
  const count = stepsOf(steps, from, to, [...path, 'steps']);
  return axis(logarithmic(from, to, count), { from, to, steps: count, log: true }, path);
}

function stepsOf(given: unknown, from: number, to: number, path: Path): number {
  const steps = wholeOf(given, path, 1);
  if (steps === 1 && from !== to)
    throw new Fault(path, `is 1, and one point cannot be both ends, ${from} and ${to}: give 2 or more, or one value`);
  return steps;
}

function axis(points: Progression, normal: unknown, path: Path): Axis {
  if (points.size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Fault(path, `has ${points.size} points, and a run at most 2^53 − 1 parameters: give fewer`);
  const size = Number(points.size);
  const ends = [points.at(0), points.at(size - 1)];
  return { size, at: (i) => points.at(i), standIns: points.isWhole ? ends : [A_FRACTION], normal };
}
