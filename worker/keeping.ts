/** Where values lie outside of the log: they are durable in their store before the record that names them is settled. */
import type { Broker, Settlement } from '../core/broker/port.js';
import type { ExternalStore } from '../core/model/plan.js';
import { StoreAway, Unrecordable } from '../core/runtime/errors.js';
import { forEachOf } from '../core/runtime/side-by-side.js';
import type { ValueStore } from '../core/store/port.js';
import type { Kept } from '../core/wire/records.js';
import { objectOf, sha256Of } from '../core/wire/object-codec.js';
import { objectName } from '../core/wire/values-at.js';
import { overriding } from './overriding.js';

/** Objects of a batch that are on their way at the same time. */
const AT_ONCE = 16;

/**
 * A broker whose `settle` puts values into the store first. Where the store is away, a chunk is released, which costs no
 * attempt, and its answer is StoreAway; what the store will never take is answered as Unrecordable.
 */
export function keepingValues(broker: Broker, kind: ExternalStore, store: ValueStore): Broker {
  return overriding(broker, {
    settle: async (settlements) => {
      const kept: Settlement[] = [...settlements];
      const failed = new Map<number, Error>();
      await forEachOf(settlements.entries(), AT_ONCE, async ([i, settlement]) => {
        if (settlement.verb !== 'complete') return;
        try {
          const { runId } = settlement.delivery.chunk;
          kept[i] = { ...settlement, result: await stored(settlement.result, runId, kind, store) };
        } catch (thrown) {
          if (!(thrown instanceof StoreAway || thrown instanceof Unrecordable)) throw thrown;
          failed.set(i, thrown);
          if (thrown instanceof StoreAway) kept[i] = { delivery: settlement.delivery, verb: 'release' };
        }
      });
      // The settler has another idea of these: nothing is told to the broker.
      const told = kept.flatMap((settlement, i) => (failed.get(i) instanceof Unrecordable ? [] : [{ i, settlement }]));
      const answers = told.length > 0 ? await broker.settle(told.map(({ settlement }) => settlement)) : [];
      const all = kept.map((_, i) => failed.get(i));
      // A lost lease outranks a lost store.
      for (const [at, { i }] of told.entries()) all[i] = answers[at] ?? all[i];
      return all;
    },
  });
}

/** The same result with its values in the store, where it has any. */
export async function stored<T extends Kept>(
  result: T,
  runId: string,
  kind: ExternalStore,
  store: ValueStore,
): Promise<T> {
  const bytes = objectOf(result);
  if (!bytes) return result;
  const sha256 = sha256Of(bytes);
  const name = objectName(runId, sha256);
  await store.put(name, bytes);
  const { values: _, packed: __, ...rest } = result;
  return { ...rest, valuesAt: { store: kind, name, bytes: bytes.length, sha256 } } as unknown as T;
}
