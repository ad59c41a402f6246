/** What columns a table of results has: names that do not clash, and types that every value of the column fits. */
import type { Value } from '../model/value.js';

/** `json`: values of several kinds, or lists and objects: each is written as its JSON text. */
export type ColumnType = 'boolean' | 'integer' | 'double' | 'text' | 'json';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Columns that every table has, in this order: before and behind those of parameter and value. */
export const INDEX: Column = { name: 'index', type: 'integer' };
export const STATUS: Column = { name: 'status', type: 'text' };
export const ATTEMPTS: Column = { name: 'attempts', type: 'integer' };
export const ERROR: Column = { name: 'error', type: 'text' };
const FIXED = [INDEX, STATUS, ATTEMPTS, ERROR].map(({ name }) => name);

/** The narrowest type that holds every value it was shown. Nulls fit every type. */
export class TypeOfColumn {
  #type: ColumnType | undefined;

  see(value: Value): void {
    if (value === null || this.#type === 'json') return;
    const type = typeOf(value);
    if (this.#type === undefined || this.#type === type) this.#type = type;
    else this.#type = isNumber(type) && isNumber(this.#type) ? 'double' : 'json';
  }

  /** Text where there was nothing but nulls. */
  type(): ColumnType {
    return this.#type ?? 'text';
  }
}

function typeOf(value: Exclude<Value, null>): ColumnType {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'double';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'text' : 'json';
}

function isNumber(type: ColumnType): boolean {
  return type === 'integer' || type === 'double';
}

/**
 * Names of a table's columns. A parameter's column that has the name of a fixed one is called `parameter.NAME`, a
 * value's column that has any name taken before is called `value.NAME`.
 */
export function distinctNames(
  parameter: readonly string[],
  value: readonly string[],
): { readonly parameter: string[]; readonly value: string[] } {
  const taken = new Set(FIXED);
  const take = (names: readonly string[], prefix: string): string[] =>
    names.map((name) => {
      let free = taken.has(name) ? `${prefix}.${name}` : name;
      while (taken.has(free)) free = `${free}'`;
      taken.add(free);
      return free;
    });
  return { parameter: take(parameter, 'parameter'), value: take(value, 'value') };
}
