/** What the log of a run says about its workers: who started when, and what was useful. */
import { Ledger } from '../../dist/core/ledger/ledger.js';

/**
 * @typedef {object} RunFacts
 * @property {import('../../dist/core/ledger/ledger.js').Ledger} ledger
 * @property {number[]} firstStarts when each worker started its first chunk, milliseconds since the epoch, earliest
 *   first
 * @property {number} lastStart when the last chunk was started
 * @property {Set<string>} workers those with a record
 * @property {number} usefulSeconds of computing what counts
 */

/**
 * @param {AsyncIterable<import('../../dist/core/wire/records.js').LogEntry> |
 *   Iterable<import('../../dist/core/wire/records.js').LogEntry>} entries
 * @param {string} runId
 * @returns {Promise<RunFacts>}
 */
export async function readFacts(entries, runId) {
  const ledger = new Ledger(runId);
  /** @type {Map<string, number>} */
  const first = new Map();
  let lastStart = 0;
  for await (const entry of entries) {
    ledger.add(entry);
    if (!('record' in entry) || entry.record.kind !== 'result' || entry.record.runId !== runId) continue;
    const { workerId } = entry.record;
    const startedAt = Date.parse(entry.record.startedAt);
    first.set(workerId, Math.min(startedAt, first.get(workerId) ?? Infinity));
    lastStart = Math.max(lastStart, startedAt);
  }
  return {
    ledger,
    firstStarts: [...first.values()].sort((a, b) => a - b),
    lastStart,
    workers: new Set(first.keys()),
    usefulSeconds: ledger.tally.busySeconds,
  };
}
