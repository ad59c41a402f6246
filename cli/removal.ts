/** What both ways of removing a run share: the question, and what is said of its objects. */
import { createInterface } from 'node:readline/promises';
import { ConfigError } from '../core/runtime/errors.js';
import type { Stores } from '../core/store/open.js';
import type { OwnObjects } from '../core/store/remove-values.js';

export interface Removal {
  /** Without asking. */
  readonly yes: boolean;
  /** Leaves the objects that hold its values in their store. */
  readonly keepValues: boolean;
}

/** @throws ConfigError where nobody can be asked */
export async function confirmed(runId: string, what: string, stop: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new ConfigError(`nobody can be asked whether run ${runId} is to be removed: add --yes. Nothing was removed`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`Remove ${what} for good? [y/N] `, { signal: stop })).trim());
  } finally {
    asking.close();
  }
}

/**
 * `, and 12 objects with its values (0.1 MiB) in /values`; empty where it has none.
 * @throws ConfigError where the settings of the store are missing
 */
export function objectsText({ byStore, count, bytes, shared }: OwnObjects, stores: Pick<Stores, 'of'>): string {
  const places = [...byStore.keys()].map((kind) => stores.of(kind).place).join(' and ');
  const stay = shared > 0 ? `; ${shared} more stay, which records of another run name` : '';
  if (count === 0) return stay;
  return `, and ${count} objects with its values (${(bytes / 2 ** 20).toFixed(1)} MiB) in ${places}${stay}`;
}
