/** Small files of a run's folder, which TTG itself wrote. */
import { existsSync, readFileSync } from 'node:fs';
import { asError, ConfigError } from './errors.js';

/**
 * @returns undefined where there is no such file
 * @throws ConfigError where it is no JSON: a disk's fault, or somebody's hand
 */
export function readJsonFile(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new ConfigError(
      `${file} is damaged (${asError(thrown).message}): delete it, and give the same \`ttg run\` again, which writes it anew. ` +
        'The results are in the log beside it',
      { cause: thrown },
    );
  }
}
