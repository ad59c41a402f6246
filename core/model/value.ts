/** What computing a parameter gives, and what a parameter is made of: JSON, whose numbers may also be NaN and infinite. */

export type Scalar = number | string | boolean | null;

export type Value = Scalar | readonly Value[] | { readonly [column: string]: Value };

/** A parameter by the names of its columns. */
export type Columns = Readonly<Record<string, Scalar>>;

/** An object of JSON: no list, and not null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is an object, whose fields are columns of a table. */
export function isColumns(value: Value): value is { readonly [column: string]: Value } {
  return isObject(value);
}
