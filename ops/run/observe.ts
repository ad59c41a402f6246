/** A connection to a run's broker, through the same code as the workers'. */
/** Looking at a run from outside: its log as it is now, and waiting until something is seen. */
import { connect } from '../../core/broker/connect.js';
import type { Broker } from '../../core/broker/port.js';
import { readLedger } from '../../core/ledger/ledger.js';
import { loadConfig } from '../../core/runtime/config.js';
import { createLogger } from '../../core/runtime/logger.js';
import type { LogEntry } from '../../core/wire/records.js';
import type { Reading } from '../../faults/types.js';

export async function openBroker(env: Record<string, string>, signal: AbortSignal): Promise<Broker> {
  const config = loadConfig({ ...env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text' });
  return connect(config, createLogger(config, 'demo', 2), signal);
}

export async function readRun(observer: Broker, runId: string): Promise<Reading> {
  const entries: LogEntry[] = [];
  for await (const entry of observer.records()) entries.push(entry);
  const ledger = await readLedger(async function* () {
    yield* entries;
  }, runId);
  const results = entries.flatMap((entry) =>
    'record' in entry && entry.record.kind === 'result' && entry.record.runId === runId ? [entry.record] : [],
  );
  return { ledger, results };
}
