/** A sweep as data: which parameters a run has, by their columns, and what computes them. Types only; core/sweep reads them. */
import type { Columns } from './value.js';

/** What defines a run's values, self-contained: `parameters` and `computation` as in the user's values file, sources as text. */
export interface SweepDocument {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly computation?: Readonly<Record<string, unknown>> | undefined;
  /** The program's or module's text. */
  readonly source?: string | undefined;
  /** The table's text: CSV with a header, or JSON lines. */
  readonly table?: string | undefined;
}

/** The parameters 0 … total − 1. Pure and lazy: any of them at any time, in any order. */
export interface Parameters {
  readonly total: number;
  /** Empty for a plain range, whose parameter is its index. */
  readonly columns: readonly string[];
  /** @throws RangeError outside 0 … total − 1 */
  readonly at: (index: number) => Columns;
  /** The same as JSON. */
  readonly textAt: (index: number) => string;
  /**
   * Rows that stand for all: a type that fits each of their values fits every value of that column. Few, but for a table,
   * of which nothing but its rows says what they hold; a row may lack columns.
   */
  standIns(): Iterable<Columns>;
  /** In a few words, for people: `grid of alpha (10) × n (3): 30 parameters`. */
  describe(): string;
}

export type ComputationSpec =
  | { readonly kind: 'builtin' }
  | { readonly kind: 'module' }
  | {
      readonly kind: 'program';
      /** Program and arguments, with placeholders. */
      readonly command: readonly string[];
      /** A process for each parameter, or one that answers a line for a line. */
      readonly protocol: 'process' | 'lines';
      /** Parameters that one worker keeps in flight. */
      readonly concurrency: number;
      /** Parameters that one line may carry at most; undefined where each has a line of its own, in the plain form. */
      readonly batch: number | undefined;
      /** For one parameter. */
      readonly timeoutSeconds: number | undefined;
      readonly memoryBytes: number | undefined;
    };

export interface Sweep {
  /**
   * `sweep:` and 32 hexadecimal digits: the same wherever the same is computed. What only adds parameters behind the
   * others (the end of a range, the points of a sample), and what only says how it is run (concurrency, batches, time and memory
   * limits, where a table lies) is no part of it.
   */
  readonly id: string;
  readonly parameters: Parameters;
  readonly computation: ComputationSpec;
  readonly source: string | undefined;
  readonly document: SweepDocument;
}
