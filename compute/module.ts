/** What a module that computes is, and how one is loaded. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A module's exports. The types that users see are in user.ts. */
export interface Module {
  compute(parameter: unknown, context: unknown): unknown;
  readonly setup?: (context: unknown) => unknown;
  readonly teardown?: (state: unknown, context: unknown) => unknown;
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
 * @param name the absolute path of an ES module that exports `compute`
 * @throws LoadError
 */
export async function loadModule(name: string): Promise<Module> {
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
  let module: Partial<Module>;
  try {
    module = (await import(pathToFileURL(name).href)) as Partial<Module>;
  } catch (cause) {
    throw new LoadError(`computation ${name} could not be loaded: ${String(cause)}${placeOf(cause)}`, {
      missing: false,
      cause,
    });
  }
  const { compute, setup, teardown } = module;
  if (typeof compute !== 'function')
    throw new LoadError(`computation ${name} exports no function "compute(parameter, context)": add it`, {
      missing: false,
    });
  for (const [what, given] of Object.entries({ setup, teardown }))
    if (given !== undefined && typeof given !== 'function')
      throw new LoadError(`computation ${name} exports a "${what}" that is no function`, { missing: false });
  return { compute, ...(setup ? { setup } : {}), ...(teardown ? { teardown } : {}) };
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
