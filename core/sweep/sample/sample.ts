/**
 * Points drawn from named intervals and lists by a seed, uniformly or as a Sobol sequence. By counter: a row depends on
 * its index, the seed and its columns alone, so any worker draws any row, and more points change none of the earlier.
 */
import { createHash } from 'node:crypto';
import { isObject, type Columns, type Scalar } from '../../model/value.js';
import { Fault, objectOf, onlyKeys, show, wholeOf, type Path } from '../fault.js';
import { columnsOf, compare, standInsOf } from '../grid.js';
import { checkName, meantName } from '../names.js';
import { dimensionOf, type Dimension } from './dimension.js';
import { philox, unit, type Key } from './philox.js';
import { directionsOf, MOST_DIMENSIONS, scramble, sobolBits } from './sobol.js';

export interface Sample {
  readonly total: number;
  readonly columns: readonly string[];
  at(index: number): Columns;
  standIns(): Iterable<Columns>;
  readonly words: string;
  readonly normal: unknown;
}

interface Named extends Dimension {
  readonly name: string;
}

/** A number in [0, 1) for a row. */
type Draw = (index: number) => number;

const FORM = '{points: 1000, of: {alpha: {from: 0, to: 1}}}, with seed and method (uniform or sobol) where wanted';
/** Points of a Sobol sequence of 32 bits. */
const MOST_SOBOL_POINTS = 2 ** 32;

export function sampleOf(given: unknown, path: Path, used: ReadonlySet<string>): Sample {
  const sample = objectOf(given, path, FORM);
  onlyKeys(sample, ['points', 'seed', 'method', 'of'], path);
  const { seed = 0, method = 'uniform' } = sample;
  if (method !== 'uniform' && method !== 'sobol')
    throw new Fault([...path, 'method'], `is ${show(method)}: give uniform or sobol`);
  if (sample['points'] === undefined) throw new Fault(path, `says no number of points: give ${FORM}`);
  const most = method === 'sobol' ? MOST_SOBOL_POINTS : Number.MAX_SAFE_INTEGER;
  const total = wholeOf(sample['points'], [...path, 'points'], 1, most);
  const key = wholeOf(seed, [...path, 'seed'], 0);
  const dimensions = dimensionsOf(sample['of'], [...path, 'of'], used);
  const draws = method === 'sobol' ? sobol(dimensions, key, [...path, 'of']) : uniform(dimensions, key);
  const columns = dimensions.map(({ name }) => name);
  return {
    total,
    columns,
    words: `${method === 'sobol' ? 'Sobol' : 'uniform'} sample of ${columns.join(', ')} with seed ${key}`,
    // The number of points is left out: more of them only come behind these.
    standIns: () => standInsOf(dimensions),
    normal: { method, seed: key, of: dimensions.map(({ name, normal }) => [name, normal]) },
    at: (index) => {
      const values = dimensions.map((dimension, i): Scalar => dimension.at((draws[i] as Draw)(index)));
      return columnsOf(columns, values);
    },
  };
}

function dimensionsOf(given: unknown, path: Path, used: ReadonlySet<string>): Named[] {
  const of = Object.entries(objectOf(given, path, 'a mapping from names of columns to intervals and lists')).map(
    ([key, each]) => {
      const where = [...path, key];
      if (isObject(each) && ('step' in each || 'steps' in each))
        throw new Fault(where, 'has the points of a grid, and a sample draws its own: leave step and steps out');
      return { name: checkName(meantName(key, used, where), where), ...dimensionOf(each, where) };
    },
  );
  if (of.length === 0) throw new Fault(path, 'is empty: give at least one column');
  const names = of.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Fault(path, `has the column ${show(twice)} twice: rename one`);
  return of.sort((a, b) => compare(a.name, b.name));
}

const constant: Draw = () => 0;

/** A stream for each column by its name: a further column leaves the others as they are. */
function uniform(dimensions: readonly Named[], seed: number): Draw[] {
  const key: Key = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  return dimensions.map(({ name, varies }) => {
    if (!varies) return constant;
    const [c, d] = wordsOf(name);
    return (index) => {
      const [high, low] = philox([index >>> 0, Math.floor(index / 2 ** 32), c, d], key);
      return unit(high, low);
    };
  });
}

function sobol(dimensions: readonly Named[], seed: number, path: Path): Draw[] {
  const varying = dimensions.filter(({ varies }) => varies);
  if (varying.length > MOST_DIMENSIONS)
    throw new Fault(
      path,
      `has ${varying.length} columns that vary, and a Sobol sequence here at most ${MOST_DIMENSIONS}: use method: uniform`,
    );
  return dimensions.map((dimension) => {
    if (!dimension.varies) return constant;
    const directions = directionsOf(varying.indexOf(dimension));
    const [of, low] = wordsOf(`${seed}:${dimension.name}`);
    // Below the 32 bits of the sequence the scrambling is random altogether.
    return (index) => unit(scramble(sobolBits(directions, index), of), mixed(index ^ low));
  });
}

function wordsOf(text: string): [number, number] {
  const hash = createHash('sha256').update(text).digest();
  return [hash.readUInt32LE(0), hash.readUInt32LE(4)];
}

/** MurmurHash3's finalizer. */
function mixed(word: number): number {
  let x = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
