/** What computing a parameter gives, and what a parameter is made of: JSON, whose numbers may also be NaN and infinite. */

export type Scalar = number | string | boolean | null;

export type Value = Scalar | readonly Value[] | { readonly [column: string]: Value };

/** A parameter by the names of its columns. */
export type Columns = Readonly<Record<string, Scalar>>;
