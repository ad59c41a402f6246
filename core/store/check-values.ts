/** Every object that a run's records name: is it there, is it the one, and does it hold the values of its digest? */
import { Digest } from '../model/digest.js';
import type { Interval } from '../model/interval.js';
import type { LogEntry, ResultRecord } from '../wire/records.js';
import { mappedAhead } from '../runtime/side-by-side.js';
import { AT_ONCE, ValuesLost, type FetchValues } from './read-values.js';

export interface LostValues extends Interval {
  readonly reason: string;
}

export interface CheckedValues {
  /** Objects that records name; one that two of them name counts twice. */
  readonly objects: number;
  readonly bytes: number;
  readonly lost: readonly LostValues[];
}

export async function checkValues(
  records: AsyncIterable<LogEntry>,
  runId: string,
  fetchValues: FetchValues,
): Promise<CheckedValues> {
  let [objects, bytes] = [0, 0];
  const lost: LostValues[] = [];
  const checks = mappedAhead(elsewhere(records, runId), AT_ONCE, async (record) => {
    const { start, end } = record;
    const reason = await whyLost(record, fetchValues);
    return { start, end, bytes: record.valuesAt.bytes, reason };
  });
  for await (const { start, end, bytes: size, reason } of checks) {
    objects++;
    bytes += size;
    if (reason !== undefined) lost.push({ start, end, reason });
  }
  return { objects, bytes, lost };
}

type Elsewhere = ResultRecord & Required<Pick<ResultRecord, 'valuesAt'>>;

async function* elsewhere(records: AsyncIterable<LogEntry>, runId: string): AsyncGenerator<Elsewhere> {
  for await (const entry of records) {
    if ('undecodable' in entry || entry.record.kind !== 'result' || entry.record.runId !== runId) continue;
    const { record } = entry;
    if (record.valuesAt) yield record as Elsewhere;
  }
}

async function whyLost(record: Elsewhere, fetchValues: FetchValues): Promise<string | undefined> {
  try {
    const values = await fetchValues(record.valuesAt, record);
    const digest = new Digest();
    for (const [i, value] of values.entries()) digest.addValue(record.start + i, value);
    if (digest.toString() === record.digest) return undefined;
    return `${record.valuesAt.name} holds values of digest ${digest.toString()}, and its record says ${record.digest}`;
  } catch (thrown) {
    if (thrown instanceof ValuesLost) return thrown.message;
    throw thrown;
  }
}
