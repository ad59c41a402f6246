/** Keys of a values file that the chart does not have: refused here as there, with the one that was meant. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../core/runtime/errors.js';
import { ROOT } from '../programs.js';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** These are read, and checked, by more than their names. */
const CHECKED_ELSEWHERE = ['run', 'parameters', 'computation', 'results'];
/** A word is meant for another one that so many changes of a letter make of it. */
const MOST_CHANGES = 3;

/**
 * @param place names file, line and column of a path
 * @throws ConfigError naming the first unknown key
 */
export function checkKeys(values: object, place: (path: readonly string[]) => string): void {
  const schema = JSON.parse(readFileSync(join(ROOT, 'chart/values.schema.json'), 'utf8')) as Schema;
  check(values, schema, schema, [], place);
}

function check(
  value: unknown,
  given: Schema,
  root: Schema,
  path: readonly string[],
  place: (path: readonly string[]) => string,
): void {
  const schema = resolved(given, root);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !schema?.properties) return;
  const known = Object.keys(schema.properties);
  for (const [key, inner] of Object.entries(value)) {
    if (path.length === 0 && CHECKED_ELSEWHERE.includes(key)) continue;
    const next = schema.properties[key];
    if (next) check(inner, next, root, [...path, key], place);
    else if (schema.additionalProperties === false) throw unknown([...path, key], known, place);
  }
}

function unknown(
  path: readonly string[],
  known: readonly string[],
  place: (path: readonly string[]) => string,
): ConfigError {
  const key = path.at(-1) ?? '';
  const all = path.length === 1 ? [...new Set([...known, ...CHECKED_ELSEWHERE])] : known;
  const meant = nearest(key, all);
  return new ConfigError(
    `${place(path)}: ${path.join('.')} is no key of the chart` +
      (meant === undefined ? `; there are ${all.join(', ')}` : `: did you mean ${meant}?`),
  );
}

function resolved({ $ref, ...schema }: Schema, root: Schema): Schema | undefined {
  if ($ref === undefined) return schema;
  const [, kind = '', name = ''] = /^#\/(\$defs|definitions)\/(.+)$/.exec($ref) ?? [];
  return kind === '$defs' ? root.$defs?.[name] : root.definitions?.[name];
}

export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known.map((name) => ({ name, far: changes(word, name) })).sort((a, b) => a.far - b.far);
  return best && best.far <= Math.min(MOST_CHANGES, word.length / 2) ? best.name : undefined;
}

/** How many letters are added, taken out or exchanged for one another: Levenshtein's distance. */
function changes(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchange = (row[j - 1] ?? 0) + (a[i - 1]?.toLowerCase() === b[j - 1]?.toLowerCase() ? 0 : 1);
      next.push(Math.min(exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
