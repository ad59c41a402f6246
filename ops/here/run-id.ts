/** What a run on this machine is called where nobody says it. */
import { basename, extname } from 'node:path';
import { ConfigError } from '../../core/runtime/errors.js';
import { isNothing } from '../../core/sweep/fault.js';
import { valueAt } from './settings.js';

const LONGEST = 40;

/**
 * The file's name as a run id: `Heat 2.yaml` → `heat-2`.
 * @throws ConfigError where nothing of it can be one
 */
export function runIdOf(file: string): string {
  const id = basename(file, extname(file))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '');
  if (id !== '') return id;
  throw new ConfigError(`${file}: its name makes no run id. Give one: run.id in the file, or --run-id`);
}

/**
 * What an option says, else the file, else its name.
 * @param values of the file
 */
export function runIdFor(values: unknown, file: string, given: string | undefined): string {
  const id = valueAt(values, 'run.id');
  return given ?? (isNothing(id) ? runIdOf(file) : String(id));
}
