/**
 * The cross product of axes. Of axes that are named by a mapping the order is alphabetical, since Helm keeps no other;
 * of a list (`grid: [{name: …}, …]`) it is that of the list. The first axis is the slowest, the last the fastest.
 */
import { isObject, type Columns, type Scalar } from '../model/value.js';
import { axisOf, type Axis } from './axis.js';
import { Fault, objectOf, show, type Path } from './fault.js';
import { checkName, meantName } from './names.js';

export interface Grid {
  readonly total: number;
  readonly columns: readonly string[];
  at(index: number): Columns;
  /** As JSON.stringify has it. */
  textAt(index: number): string;
  standIns(): Iterable<Columns>;
  /** `alpha (10) × n (3)` */
  readonly words: string;
  readonly normal: unknown;
}

interface Named extends Axis {
  readonly name: string;
}

const FORM = 'a mapping from names of columns to axes, such as {alpha: [1, 2], beta: {from: 0, to: 1, steps: 5}}';

export function gridOf(given: unknown, path: Path, used: ReadonlySet<string>): Grid {
  return product(Array.isArray(given) ? listed(given, path) : mapped(given, path, used), path);
}

function mapped(given: unknown, path: Path, used: ReadonlySet<string>): Named[] {
  const axes = Object.entries(objectOf(given, path, FORM)).map(([key, axis]) => {
    const where = [...path, key];
    return { name: checkName(meantName(key, used, where), where), ...axisOf(axis, where) };
  });
  return axes.sort((a, b) => compare(a.name, b.name));
}

/** By UTF-16 code units: the same everywhere, whatever the locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function listed(given: readonly unknown[], path: Path): Named[] {
  return given.map((each, i) => {
    const where = [...path, i];
    if (!isObject(each)) throw new Fault(where, `is ${show(each)}: give {name: alpha, from: …, to: …, steps: …}`);
    const { name, ...axis } = each;
    return { name: checkName(name, [...where, 'name']), ...axisOf(axis, where) };
  });
}

function product(axes: readonly Named[], path: Path): Grid {
  if (axes.length === 0) throw new Fault(path, `is empty, and has no parameters: give ${FORM}`);
  const columns = axes.map(({ name }) => name);
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw new Fault(path, `has the column ${show(twice)} twice: rename one`);
  const words = axes.map(({ name, size }) => `${name} (${size.toLocaleString('en')})`).join(' × ');
  const total = checkTotal(
    axes.map(({ size }) => size),
    words,
    path,
  );
  return {
    total,
    columns,
    words,
    normal: axes.map(({ name, normal }) => [name, normal]),
    textAt: textsOf(axes),
    standIns: () => standInsOf(axes),
    at: (index) => {
      const values = new Array<Scalar>(axes.length);
      let rest = index;
      for (let i = axes.length - 1; i >= 0; i--) {
        const axis = axes[i] as Named;
        const place = rest % axis.size;
        values[i] = axis.at(place);
        // Exact: the dividend is a multiple.
        rest = (rest - place) / axis.size;
      }
      return columnsOf(columns, values);
    },
  };
}

/** Texts of an axis that are kept: to spell a fraction takes longer than all else. */
const MOST_TEXTS = 10_000;

function textsOf(axes: readonly Named[]): (index: number) => string {
  // Objects have columns that look like whole numbers before all others.
  const order = Object.keys(Object.fromEntries(axes.map(({ name }, i) => [name, i])));
  let step = 1;
  const steps = new Map<string, number>();
  for (const { name, size } of [...axes].reverse()) {
    steps.set(name, step);
    step *= size;
  }
  const parts = order.map((name, i) => ({
    axis: axes.find((axis) => axis.name === name) as Named,
    step: steps.get(name) as number,
    before: `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`,
    known: [] as string[],
  }));
  return (index) => {
    let text = '';
    for (const { axis, step, before, known } of parts) {
      const place = Math.floor(index / step) % axis.size;
      const part = known[place] ?? before + JSON.stringify(axis.at(place));
      if (place < MOST_TEXTS) known[place] = part;
      text += part;
    }
    return `${text}}`;
  };
}

/** A row for each value: the columns beside it say nothing. */
export function* standInsOf(
  columns: Iterable<{ readonly name: string; readonly standIns: readonly Scalar[] }>,
): Generator<Columns> {
  for (const { name, standIns } of columns) for (const value of standIns) yield { [name]: value };
}

export function columnsOf(names: readonly string[], values: readonly Scalar[]): Columns {
  const columns: Record<string, Scalar> = {};
  for (let i = 0; i < names.length; i++) columns[names[i] as string] = values[i] as Scalar;
  return columns;
}

/** @throws Fault where there are more parameters than a double counts */
export function checkTotal(sizes: readonly number[], words: string, path: Path): number {
  const total = sizes.reduce((product, size) => product * BigInt(size), 1n);
  if (total <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(total);
  throw new Fault(
    path,
    `has ${total.toLocaleString('en')} parameters, ${words}, and a run at most 2^53 − 1: give fewer points or axes`,
  );
}
