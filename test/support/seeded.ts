/** Runs that are seeded by the seeder's own code, and computed by hand. */
import { pino } from 'pino';
import type { Broker } from '../../core/broker/port.js';
import { readLedger } from '../../core/ledger/ledger.js';
import { judge, type Verdict } from '../../core/ledger/verdict.js';
import { loadConfig } from '../../core/runtime/config.js';
import { seed } from '../../seeder/seed.js';
import { never, receive, resultOf, type Bench } from './bench.js';
import type { Worker } from './worker.js';

export const log = pino({ level: 'silent' });

export async function seedRun(
  bench: Bench,
  broker: Broker,
  env: Record<string, string>,
  stop: AbortSignal = never,
): Promise<number> {
  const config = loadConfig({ ...bench.env('seeder'), TOTAL_PARAMETERS: '1000', CHUNK_SIZE: '10', ...env });
  return seed({ broker, config, log, stop });
}

/** Computes what is queued, or the next `count` chunks of it. */
export async function work(broker: Worker, count: number): Promise<string[]> {
  const deliveries = await receive(broker, count);
  await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
  return deliveries.map(({ chunk }) => `${chunk.runId}/${chunk.chunkId}`);
}

export async function verdictOf(broker: Broker, runId = 'run-1'): Promise<Verdict> {
  return judge(await readLedger(() => broker.records(), runId));
}
