/** The values of records whose values lie in a store: fetched and checked. */
import type { Interval } from '../model/interval.js';
import type { Value } from '../model/value.js';
import { ConfigError, ProtocolError } from '../runtime/errors.js';
import { valuesOf } from '../wire/object-codec.js';
import type { LogEntry, ValuesAt } from '../wire/records.js';
import type { Stores } from './open.js';
import { mappedAhead } from '../runtime/side-by-side.js';
import { parametersText } from '../runtime/words.js';
import { NoSuchObject } from './port.js';

/** Objects that are fetched at the same time. */
export const AT_ONCE = 16;

/** An object that is not there, or is not the one that its record names. */
export class ValuesLost extends ConfigError {
  override readonly name = 'ValuesLost';
}

export type FetchValues = (at: ValuesAt, parameters: Interval) => Promise<readonly Value[]>;

/** @throws ValuesLost, or what the store throws */
export function fetchingFrom(stores: Pick<Stores, 'of'>): FetchValues {
  return async (at, { start, end }) => {
    const store = stores.of(at.store);
    const where = `the values of ${parametersText({ start, end })}: ${at.name} in ${store.place}`;
    try {
      return valuesOf(await store.get(at.name), at, { start, end });
    } catch (thrown) {
      if (thrown instanceof NoSuchObject)
        throw new ValuesLost(
          `${where} is not there. Look whether this is the store of the run (S3_ENDPOINT, S3_BUCKET, S3_PREFIX, or ` +
            'RESULTS_DIRECTORY); if it is, bring the object back from a copy, or compute these parameters again as a run ' +
            'of their own. `ttg verify --values` lists all that are lost',
          { cause: thrown },
        );
      if (thrown instanceof ProtocolError)
        throw new ValuesLost(
          `${where} is damaged: ${thrown.message}. Bring it back from a copy, or compute these parameters again as a run ` +
            'of their own. `ttg verify --values` lists all that are lost',
          { cause: thrown },
        );
      throw thrown;
    }
  };
}

/** The same records, each of this run with its values. */
export function withValues(
  records: AsyncIterable<LogEntry>,
  runId: string,
  fetchValues: FetchValues,
): AsyncIterable<LogEntry> {
  return mappedAhead(records, AT_ONCE, async (entry) => {
    if ('undecodable' in entry) return entry;
    const { record } = entry;
    if (record.kind !== 'result' || record.runId !== runId || !record.valuesAt) return entry;
    return { ...entry, record: { ...record, values: await fetchValues(record.valuesAt, record) } };
  });
}
