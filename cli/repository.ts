/** Verbs that need the repository: the image holds only what pods run. */
import { ConfigError } from '../core/runtime/errors.js';

/**
 * Loads what starts processes, bundles modules or talks to clusters. It is loaded only by the verbs that need it: the
 * others start sooner, and the image does without.
 * @throws ConfigError in the image
 */
export async function fromRepository<T>(load: () => Promise<T>, verb: string): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND')) throw thrown;
    throw new ConfigError(
      `\`ttg ${verb}\` works where TTG's repository is, not in its image, which holds only what pods run: ${thrown.message}`,
      { cause: thrown },
    );
  }
}
