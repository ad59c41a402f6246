/** A run's id as an argument. */
import { InvalidArgumentError } from 'commander';
import * as z from 'zod/mini';
import { ENVIRONMENT } from '../core/runtime/config.js';

export function parseRunId(id: string): string {
  if (id !== '' && z.safeParse(ENVIRONMENT.RUN_ID, id).success) return id;
  throw new InvalidArgumentError(
    'Give 1 to 40 lower-case letters, digits and dashes; the first and the last is no dash.',
  );
}
