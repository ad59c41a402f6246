/** What a computation is, and how one is found by name. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { builtin } from './builtin.js';

/** Gives the value of one parameter. It must be deterministic: a parameter may be computed more than once. */
export interface Computation {
  /**
   * @returns a value: JSON whose numbers may be NaN and infinite. What it throws fails the chunk, which is tried again unless the error has
   *   `retryable: false`.
   */
  compute(parameter: number): unknown;
  /** Modules may export it, and it has no effect: sums are exact whatever the number of decimals. */
  readonly decimals?: unknown;
}

/** There is no such computation here, or it cannot be loaded. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  /** The file is not there: where others have it mounted, they can compute it. */
  readonly missing: boolean;

  constructor(message: string, options: { missing: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.missing = options.missing;
  }
}

/**
 * @param name `builtin`, or the absolute path of an ES module that exports `compute`
 * @throws LoadError
 */
export async function loadComputation(name: string): Promise<Computation> {
  if (name === 'builtin') return builtin;
  if (!isAbsolute(name)) {
    throw new LoadError(
      `computation ${name}: neither "builtin" nor an absolute path of a module. Set COMPUTATION to one of these`,
      { missing: false },
    );
  }
  if (!existsSync(name)) {
    throw new LoadError(
      `computation ${name}: there is no such file. Mount the module there (chart: --set-file computation.source=FILE)`,
      { missing: true },
    );
  }
  let module: Partial<Computation>;
  try {
    module = (await import(pathToFileURL(name).href)) as Partial<Computation>;
  } catch (cause) {
    throw new LoadError(`computation ${name} could not be loaded: ${String(cause)}${placeOf(cause)}`, {
      missing: false,
      cause,
    });
  }
  const { compute } = module;
  if (typeof compute !== 'function') {
    throw new LoadError(`computation ${name} exports no function "compute(parameter)": add it`, { missing: false });
  }
  return { compute };
}

/** Where this program is. */
const OWN = new URL('.', import.meta.url).href;

/** ` at FILE:LINE`, where the stack names a line of the user's. Of a syntax error Node keeps the line to itself. */
function placeOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  for (const [, url = '', line = ''] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+)/g))
    if (!url.startsWith(OWN)) return ` at ${fileURLToPath(url)}:${line}`;
  return '';
}
