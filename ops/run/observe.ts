/**
 * A run seen from outside, through the same code as the workers': a connection to its broker, and its log as it is now.
 */
import { connect } from '../../core/broker/connect.js';
import type { Broker } from '../../core/broker/port.js';
import { readLedger, type Ledger } from '../../core/ledger/ledger.js';
import { loadConfig } from '../../core/runtime/config.js';
import { createLogger } from '../../core/runtime/logger.js';
import type { LogEntry, ResultRecord } from '../../core/wire/records.js';

/** A log as it was at one moment. */
export interface Reading {
  ledger: Ledger;
  /** All of them, in the order of the log. */
  results: ResultRecord[];
}

/** Something done to a process or a connection, once it was seen to have taken effect. */
export interface Effect {
  /** Milliseconds since the epoch. */
  at: number;
  /** How it was seen. */
  observed: string;
}

export async function openBroker(env: Record<string, string>, signal: AbortSignal): Promise<Broker> {
  const config = loadConfig({ ...env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text' });
  return connect(config, createLogger(config, 'observer', 2), signal);
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
