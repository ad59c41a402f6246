/** Static mode: computes one shard of the plan without a broker, and writes its result records to standard output. */
import type { Config } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Chunk } from '../core/model/chunk.js';
import type { ResultRecord } from '../core/wire/records.js';
import { encodeRecord } from '../core/wire/messages.js';
import { chunksOf, shard, type Plan } from '../core/model/plan.js';
import { recordLine } from '../core/wire/static-log.js';
import type { Executor } from '../compute/thread-executor.js';
import type { Outcome } from '../compute/protocol.js';

/** Chunks are executed in groups of this many: enough to keep the compute thread busy. */
const GROUP = 64;

/**
 * @param write takes one line; resolves once it can no longer be lost
 * @returns whether every chunk of the shard has its record
 * @throws ConfigError where this worker cannot load the computation
 */
export async function runShard(
  config: Config,
  executor: Executor,
  log: Logger,
  stop: AbortSignal,
  write: (line: string) => void | Promise<void>,
): Promise<boolean> {
  const plan: Plan = {
    runId: config.RUN_ID,
    totalParameters: config.TOTAL_PARAMETERS,
    chunkSize: config.CHUNK_SIZE,
    computation: config.COMPUTATION,
  };
  const mine = shard(plan.totalParameters, config.TOTAL_WORKERS, config.workerIndex);
  log.info(
    { run_id: plan.runId, worker_index: config.workerIndex, start_param: mine?.start, end_param: mine?.end },
    'shard',
  );
  if (!mine) return true;

  let failed = 0;
  let misfit: ConfigError | undefined;
  for (const group of groups(chunksOf(plan, new Date().toISOString(), [mine]), GROUP)) {
    if (stop.aborted) return false;
    let written: Promise<unknown> = Promise.resolve();
    const settled = (outcome: Outcome): void => {
      const chunk = group[outcome.index] as Chunk;
      if ('failure' in outcome) {
        failed++;
        if (outcome.failure.blame === 'worker') {
          misfit = new ConfigError(outcome.failure.message);
          return;
        }
        log.error(
          { chunk_id: chunk.chunkId, parameter: outcome.failure.parameter, error: outcome.failure.message },
          'chunk failed',
        );
        return;
      }
      const record: ResultRecord = {
        ...outcome.computed,
        kind: 'result',
        runId: plan.runId,
        chunkId: chunk.chunkId,
        start: chunk.start,
        end: chunk.end,
        attempt: 1,
        workerId: config.workerName,
      };
      written = Promise.all([written, write(recordLine(encodeRecord(record)))]);
      // Whether it failed is asked below, after the whole group.
      written.catch(() => {});
    };
    await executor.execute(group, { signal: stop, settled });
    await written;
    if (misfit) throw misfit;
  }
  if (failed > 0) log.error({ failed }, 'chunks without a result: the Job starts this index again');
  return failed === 0 && !stop.aborted;
}

function* groups(chunks: Iterable<Chunk>, most: number): Generator<Chunk[]> {
  let group: Chunk[] = [];
  for (const chunk of chunks) {
    if (group.push(chunk) < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
