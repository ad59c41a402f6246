/** Looking at a run from outside: its log as it is now, and waiting until something is seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readLedger } from '../../../dist/core/ledger/ledger.js';
import { Stop } from '../steps.mjs';

const LOOK_MS = 50;

/**
 * @param {import('../../../dist/core/broker/port.js').Broker} observer
 * @param {string} runId
 * @returns {Promise<import('./types.mjs').Reading>}
 */
export async function readRun(observer, runId) {
  /** @type {import('../../../dist/core/wire/records.js').LogEntry[]} */
  const entries = [];
  for await (const entry of observer.records()) entries.push(entry);
  const ledger = await readLedger(async function* () {
    yield* entries;
  }, runId);
  const results = entries.flatMap((entry) =>
    'record' in entry && entry.record.kind === 'result' && entry.record.runId === runId ? [entry.record] : [],
  );
  return { ledger, results };
}

/**
 * @template T
 * @param {() => Promise<T | false | undefined> | T | false | undefined} observe a read that fails is no observation; a Stop ends the waiting
 * @param {string} what completes the sentence "did not see …"
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export async function untilSeen(observe, what, seconds, signal) {
  const deadline = performance.now() + seconds * 1000;
  let last = 'nothing was observed';
  for (;;) {
    signal.throwIfAborted();
    try {
      const seen = await observe();
      if (seen !== undefined && seen !== false) return seen;
      last = `last observation: ${String(seen)}`;
    } catch (thrown) {
      if (thrown instanceof Stop) throw thrown;
      last = `last read failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
    if (performance.now() >= deadline) throw new Stop(`did not see ${what} within ${seconds} s; ${last}`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}
