/** Records, environments and child processes for the unit tests. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, type Config } from '../../core/runtime/config.js';
import { readLedger, type Ledger } from '../../core/ledger/ledger.js';
import type {
  DeadRecord,
  LogEntry,
  LogRecord,
  PlanRecord,
  ResultRecord,
  SeededRecord,
} from '../../core/wire/records.js';
import type { Value } from '../../core/model/value.js';
import { builtin } from '../../compute/builtin.js';
import { Summariser } from '../../compute/summarise.js';
import { makeRng } from '../../faults/rng.js';

export const RUN = 'run-1';
const AT = '2026-01-01T00:00:00.000Z';

export function planRecord(totalParameters: number, over: Partial<PlanRecord> = {}): PlanRecord {
  return {
    kind: 'plan',
    runId: RUN,
    totalParameters,
    chunkSize: 10,
    computation: 'builtin',
    keepValues: false,
    maxDead: totalParameters,
    createdAt: AT,
    ...over,
  };
}

/** The record that an honest worker writes for these parameters. */
export function resultRecord(
  start: number,
  end: number,
  over: Partial<ResultRecord> & { compute?: (i: number) => Value } = {},
): ResultRecord {
  const { compute = builtin.compute, ...rest } = over;
  const summariser = new Summariser(false, compute !== builtin.compute);
  for (let i = start; i <= end; i++) summariser.add(i, compute(i));
  return {
    kind: 'result',
    runId: RUN,
    chunkId: `${start}`,
    start,
    end,
    summary: summariser.summary(),
    digest: summariser.digest(),
    attempt: 1,
    workerId: 'w1',
    startedAt: AT,
    completedAt: AT,
    durationSeconds: 1,
    ...rest,
  };
}

export function deadRecord(start: number, end: number, over: Partial<DeadRecord> = {}): DeadRecord {
  return {
    kind: 'dead',
    runId: RUN,
    chunkId: `${start}`,
    start,
    end,
    attempts: 4,
    workerId: 'w1',
    error: 'boom',
    stackId: '',
    stack: '',
    completedAt: AT,
    ...over,
  };
}

export function seededRecord(start: number, end: number, over: Partial<SeededRecord> = {}): SeededRecord {
  return {
    kind: 'seeded',
    runId: RUN,
    start,
    end,
    chunks: 1,
    reason: 'initial',
    firstConfirmedAt: AT,
    confirmedAt: AT,
    ...over,
  };
}

export async function* logOf(records: readonly LogRecord[]): AsyncGenerator<LogEntry> {
  for (const [index, record] of records.entries()) yield { position: String(index), record };
}

export function ledgerOf(...records: LogRecord[]): Promise<Ledger> {
  return readLedger(() => logOf(records), RUN);
}

export function configOf(env: Record<string, string> = {}): Config {
  return loadConfig(env);
}

/** Seeded numbers in [0, 1): a failing random test fails again. */
export const random = (seed: number): (() => number) => makeRng(seed, 'unit');

export function shuffled<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** A directory that is gone with the test's scope. */
export function temporaryDirectory(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'ttg-unit-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Path of a compiled file: `npm run build` puts it there. */
export function dist(path: string): string {
  return fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
}

export interface Ended {
  /** Exit status, or undefined when a signal ended the process. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  /** Called with all of standard output so far, each time there is more. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs Node with a clean environment until it ends. */
export function runNode(args: readonly string[], { env = {}, onOutput }: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'] ?? '', ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? undefined, stdout, stderr }));
  });
}
