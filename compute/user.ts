/**
 * Types for modules that compute parameters: `import type { Compute, Context } from 'ttg'`. A module exports
 * `compute`, and may export `setup` and `teardown`.
 */
import type { Columns, Value } from '../core/model/value.js';
import type { Random } from './random.js';

export type { Columns, Scalar, Value } from '../core/model/value.js';
export type { Random } from './random.js';

/** Lines in the worker's own log, as data: a constant message, and fields. */
export interface Log {
  debug(fields: object, message?: string): void;
  debug(message: string): void;
  info(fields: object, message?: string): void;
  info(message: string): void;
  warn(fields: object, message?: string): void;
  warn(message: string): void;
  error(fields: object, message?: string): void;
  error(message: string): void;
}

/** What `setup` and `teardown` are told. */
export interface RunContext {
  readonly runId: string;
  /** Parameters of the run; undefined for a module that was mounted by COMPUTATION, without a sweep. */
  readonly total: number | undefined;
  /** Aborts when the time limit of the chunk, or that of the worker's shutdown, is over: what is computed is not awaited. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What `compute` is told beside the parameter. */
export interface Context<State = unknown> extends RunContext {
  readonly index: number;
  /** Seeded by run and index: a parameter that is computed again sees the same numbers. */
  readonly random: Random;
  /** What `setup` gave. */
  readonly state: State;
}

/**
 * Gives the value of one parameter, of which the same must come whenever it is computed again. What it throws fails the
 * chunk, which is tried again unless the error has `retryable: false`.
 * @param parameter its columns; its index, a number, where it has none
 */
export type Compute<Parameter = Columns, State = unknown> = (
  parameter: Parameter,
  context: Context<State>,
) => Value | Promise<Value>;

/** Called once in each worker, before the first parameter of a run. */
export type Setup<State = unknown> = (context: RunContext) => State | Promise<State>;

/** Called when the worker leaves, but not when it is killed. */
export type Teardown<State = unknown> = (state: State, context: RunContext) => void | Promise<void>;
