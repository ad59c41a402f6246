/** How objects with values are named: by their run and their content. */
import type { ValuesAt } from './records.js';

export const SHA256 = /^[0-9a-f]{64}$/;

/** Parts without dots at their begin: no name leads out of the store. */
export const OBJECT_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,9}$/;

/** Spread over 256 folders: a run of a million chunks has as many objects. */
export function objectName(runId: string, sha256: string): ValuesAt['name'] {
  return `${runId}/${sha256.slice(0, 2)}/${sha256}`;
}
