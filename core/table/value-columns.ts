/** What columns the values of a run make: found while the log is read, since nothing says it beforehand. */
import { isColumns, type Value } from '../model/value.js';
import { TypeOfColumn, type Column } from './columns.js';

/** With more than this, values stay whole: one column of JSON. */
const MOST_COLUMNS = 2000;

/** The column of values that are no objects. */
const PLAIN = 'value';

interface Seen {
  readonly type: TypeOfColumn;
  /** Where it was seen first: parameter, then place within its value. */
  parameter: number;
  place: number;
}

export class ValueColumns {
  readonly #columns = new Map<string, Seen>();
  readonly #plain = new TypeOfColumn();
  #plainSeen = false;
  #whole = false;

  /** @param start the parameter of the first of these values */
  see(values: readonly Value[], start: number): void {
    for (const [i, value] of values.entries()) {
      if (!isColumns(value)) {
        this.#plainSeen = true;
        this.#plain.see(value);
      } else if (!this.#whole) this.#seeColumns(value, start + i);
    }
  }

  /** In the order in which parameters, ascending, first have them. */
  list(): { readonly column: Column; readonly of: (value: Value) => Value }[] {
    if (this.#whole) return [{ column: { name: PLAIN, type: 'json' }, of: (value) => value }];
    const named = [...this.#columns]
      .sort(([, x], [, y]) => x.parameter - y.parameter || x.place - y.place)
      .map(([name, { type }]) => ({
        column: { name, type: type.type() },
        of: (value: Value) => (isColumns(value) && Object.hasOwn(value, name) ? (value[name] as Value) : null),
      }));
    const plain = { column: { name: PLAIN, type: this.#plain.type() }, of: (v: Value) => (isColumns(v) ? null : v) };
    return this.#plainSeen || named.length === 0 ? [plain, ...named] : named;
  }

  #seeColumns(value: Readonly<Record<string, Value>>, parameter: number): void {
    let place = 0;
    for (const name of Object.keys(value)) {
      let seen = this.#columns.get(name);
      if (!seen) this.#columns.set(name, (seen = { type: new TypeOfColumn(), parameter, place }));
      else if (parameter < seen.parameter) {
        seen.parameter = parameter;
        seen.place = place;
      }
      seen.type.see(value[name] as Value);
      place++;
    }
    this.#whole = this.#columns.size > MOST_COLUMNS;
  }
}
