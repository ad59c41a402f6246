/** Static mode: computes one shard of the plan without a broker, and writes its result records to standard output. */
import type { Config } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import { groupsOf } from '../core/runtime/groups.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Chunk } from '../core/model/chunk.js';
import type { ExternalStore } from '../core/model/plan.js';
import type { ValueStore } from '../core/store/port.js';
import type { ResultRecord } from '../core/wire/records.js';
import { encodeRecord } from '../core/wire/record-codec.js';
import { chunksOf, planOf, shard } from '../core/model/plan.js';
import { sweepOfConfig } from '../core/sweep/of-config.js';
import { recordText } from '../core/wire/static-log.js';
import type { Executor, Outcome } from '../compute/executor.js';
import { stored } from './keeping.js';

/** Chunks are executed in groups of this many: enough to keep the compute thread busy. */
const GROUP = 64;

/**
 * @param write takes whole records; it resolves when they are handed over, so that a slow reader slows the computing
 * @param elsewhere where values go, if not into the records
 * @returns whether every chunk of the shard has its record
 * @throws ConfigError where this worker cannot load the computation
 */
export async function runShard(
  config: Config,
  executor: Executor,
  log: Logger,
  stop: AbortSignal,
  write: (text: string) => Promise<void>,
  elsewhere?: { readonly kind: ExternalStore; readonly store: ValueStore },
): Promise<boolean> {
  const plan = planOf(config, await sweepOfConfig(config));
  const mine = shard(plan.totalParameters, config.TOTAL_WORKERS, config.workerIndex);
  log.info(
    { run_id: plan.runId, worker_index: config.workerIndex, start_param: mine?.start, end_param: mine?.end },
    'shard',
  );
  if (!mine) return true;

  let failed = 0;
  let misfit: ConfigError | undefined;
  for (const group of groupsOf(chunksOf(plan, new Date().toISOString(), [mine]), GROUP)) {
    if (stop.aborted) return false;
    const records: ResultRecord[] = [];
    const settle = (outcome: Outcome): void => {
      const chunk = group[outcome.index] as Chunk;
      if ('failure' in outcome) {
        const { blame, message, parameter } = outcome.failure;
        failed++;
        if (blame !== 'parameter') misfit = new ConfigError(message);
        else log.error({ chunk_id: chunk.chunkId, parameter, error: message }, 'chunk failed');
        return;
      }
      const { runId, chunkId, start, end } = chunk;
      const kept = { kind: 'result', runId, chunkId, start, end, attempt: 1, workerId: config.workerName } as const;
      records.push({ ...outcome.computed, ...kept });
    };
    let written = Promise.resolve();
    await executor.execute(group, {
      signal: stop,
      settled: (outcomes) => {
        outcomes.forEach(settle);
        const texts = Promise.all(records.splice(0).map((record) => textOf(record, elsewhere)));
        written = written.then(async () => write((await texts).join('')));
        texts.catch(() => undefined);
        // Awaited below; until then a failure of it must not count as unhandled.
        written.catch(() => undefined);
      },
    });
    await written;
    if (misfit) throw misfit;
  }
  if (failed > 0) log.error({ failed }, 'chunks without a result: the Job starts this index again');
  return failed === 0 && !stop.aborted;
}

async function textOf(
  record: ResultRecord,
  elsewhere: { readonly kind: ExternalStore; readonly store: ValueStore } | undefined,
): Promise<string> {
  const kept = elsewhere ? await stored(record, record.runId, elsewhere.kind, elsewhere.store) : record;
  return recordText(encodeRecord(kept));
}
