/** The id of a run as an argument, whether there is such a run or not. */
import { InvalidArgumentError } from 'commander';
import * as z from 'zod/mini';
import { ENVIRONMENT } from '../core/runtime/config.js';

export function parseNewRunId(id: string): string {
  if (id !== '' && z.safeParse(ENVIRONMENT.RUN_ID, id).success) return id;
  throw new InvalidArgumentError(
    'Give 1 to 40 lower-case letters, digits and dashes; the first and the last is no dash.',
  );
}
