/** The objects that hold a run's values, as its records name them: counted, and deleted with the run. */
import type { ExternalStore } from '../model/plan.js';
import { forEachOf } from '../runtime/side-by-side.js';
import type { LogEntry } from '../wire/records.js';
import type { Stores } from './open.js';

/** Objects that are deleted at the same time. */
const AT_ONCE = 16;

export interface OwnObjects {
  /** Name → bytes, by store. */
  readonly byStore: ReadonlyMap<ExternalStore, ReadonlyMap<string, number>>;
  readonly count: number;
  readonly bytes: number;
  /** Named by a record of another run too: these stay. */
  readonly shared: number;
}

/** @param logs all that may name an object of the run; a run of another log counts as another one */
export async function ownObjects(
  records: AsyncIterable<LogEntry>,
  runId: string,
  logs: readonly AsyncIterable<LogEntry>[] = [],
): Promise<OwnObjects> {
  const byStore = new Map<ExternalStore, Map<string, number>>();
  const others = new Set<string>();
  const see = async (log: AsyncIterable<LogEntry>, isOwnLog: boolean): Promise<void> => {
    for await (const entry of log) {
      if ('undecodable' in entry || entry.record.kind !== 'result' || !entry.record.valuesAt) continue;
      const { store, name, bytes } = entry.record.valuesAt;
      if (!isOwnLog || entry.record.runId !== runId) {
        // A name begins with the run that it was made for: only these may be named twice.
        if (name.startsWith(`${runId}/`)) others.add(`${store} ${name}`);
        continue;
      }
      const names = byStore.get(store) ?? new Map<string, number>();
      byStore.set(store, names.set(name, bytes));
    }
  };
  await see(records, true);
  for (const log of logs) await see(log, false);
  let [count, bytes, shared] = [0, 0, 0];
  for (const [store, names] of byStore) {
    for (const [name, size] of names) {
      if (others.has(`${store} ${name}`)) {
        names.delete(name);
        shared++;
      } else {
        count++;
        bytes += size;
      }
    }
  }
  return { byStore, count, bytes, shared };
}

/**
 * Safe to repeat: what is not there any more is no error.
 * @throws ConfigError or StoreAway, and what was not deleted by then stays
 */
export async function deleteObjects({ byStore }: OwnObjects, runId: string, stores: Pick<Stores, 'of'>): Promise<void> {
  for (const [kind, names] of byStore) {
    if (names.size === 0) continue;
    const store = stores.of(kind);
    await forEachOf(names.keys(), AT_ONCE, (name) => store.delete(name));
    await store.tidy?.(runId);
  }
}
