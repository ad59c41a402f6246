/** A table that no ConfigMap holds has to be where pods find it: on a volume. */
import { isObject } from '../../core/model/value.js';
import { ConfigError } from '../../core/runtime/errors.js';
import type { Prepared } from './prepare.js';
import { MOST_INLINE_BYTES } from './values-file.js';

/**
 * @param table the file that --table names
 * @throws ConfigError where it is too large to go along, and the values file does not say where the cluster has it
 */
export function requireTableThere(
  { document, tableOfFile }: Pick<Prepared, 'document' | 'tableOfFile'>,
  table: string | undefined,
): void {
  const here: unknown = document.parameters.table;
  // A table of the file itself goes to the cluster as the file has it.
  if (table === undefined || !isObject(here)) return;
  const sha256 = String(here['sha256']);
  const there = isObject(tableOfFile) ? tableOfFile : undefined;
  if (there !== undefined && there['sha256'] === sha256) return;
  const named = there === undefined ? '' : `, and the file there has another SHA-256, ${String(there['sha256'])}`;
  throw new ConfigError(
    `--table ${table}: a table of more than ${MOST_INLINE_BYTES / 1024} KiB fits no ConfigMap${named}. Put it on a volume of ` +
      'worker.extraVolumes and worker.extraVolumeMounts, and name it in the values file as ' +
      `parameters: {table: {path: /DATA/FILE, sha256: ${sha256}}}; --table goes on naming the copy here`,
  );
}
