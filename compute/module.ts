/** What a computation is, and how one is found by name. */
import { pathToFileURL } from 'node:url';
import { isAbsolute } from 'node:path';
import { ConfigError } from '../core/runtime/errors.js';
import { builtin } from './builtin.js';

/** Gives the value of one parameter. It must be deterministic: a parameter may be computed more than once. */
export interface Computation {
  /** Values are multiples of 10^−decimals: their sums are then exact. Without it sums are compensated floating-point. */
  readonly decimals?: number;
  /** @returns a finite number. What it throws fails the chunk, which is tried again unless the error has `retryable: false`. */
  compute(parameter: number): number | Promise<number>;
}

/**
 * @param name `builtin`, or the absolute path of an ES module that exports `compute` and, optionally, `decimals`
 * @throws ConfigError if there is no such module or it exports no `compute`
 */
export async function loadComputation(name: string): Promise<Computation> {
  if (name === 'builtin') return builtin;
  if (!isAbsolute(name))
    throw new ConfigError(
      `computation ${name}: neither "builtin" nor an absolute path of a module. Set COMPUTATION to one of these`,
    );
  let module: Partial<Computation>;
  try {
    module = (await import(pathToFileURL(name).href)) as Partial<Computation>;
  } catch (cause) {
    throw new ConfigError(
      `computation ${name} could not be loaded: ${String(cause)}. Mount the module there (chart: --set-file computation.source=FILE)`,
      { cause },
    );
  }
  const { compute, decimals } = module;
  if (typeof compute !== 'function')
    throw new ConfigError(`computation ${name} exports no function "compute(parameter)": add it`);
  if (decimals !== undefined && !(Number.isInteger(decimals) && decimals >= 0 && decimals <= 9)) {
    throw new ConfigError(
      `computation ${name}: "decimals" is ${String(decimals)}, it must be a whole number from 0 to 9`,
    );
  }
  return decimals === undefined ? { compute } : { compute, decimals };
}
