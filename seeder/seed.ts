/** Brings a run into the queue: plan first, then the chunks that are missing, and a record of what was published. */
import { backoff, delay } from '../core/runtime/backoff.js';
import type { Broker, Depth } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import { Ledger } from '../core/ledger/ledger.js';
import type { Logger } from '../core/runtime/logger.js';
import type { PlanRecord } from '../core/wire/records.js';
import { chunkCount, chunksIn, planOf, reconcilePlans } from '../core/model/plan.js';
import { checkCapacity } from './capacity.js';
import { takeLock } from './lock.js';
import { lostPieces } from './unaccounted.js';
import { except, neverSeeded, readQueued, readRuns } from './gaps.js';
import { Publisher } from './publish.js';

/** About half a minute. */
const DEPTH_TRIES = 20;

export interface SeedOptions {
  readonly broker: Broker;
  readonly config: Config;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

/** Safe to repeat at any time: publishes only what has no record and is not queued. Resolves with the chunks published. */
export async function seed({ broker, config, log, stop }: SeedOptions): Promise<number> {
  await broker.prepare();
  await using _lock = await takeLock(broker, log, stop);
  const wanted = planOf(config);
  const queuedOf = await readQueued(broker);
  const queued = queuedOf?.(wanted.runId);
  const runs = await readRuns(broker);
  const ledger = runs.get(wanted.runId) ?? new Ledger(wanted.runId);
  const publisher = new Publisher(broker, log, stop);

  // A seeder that was replaced in the middle, by an upgrade to a new run, left its own run unfinished.
  const others = [...runs.values()]
    .flatMap(({ plan, runId }) => (plan && runId !== wanted.runId ? [plan] : []))
    .map((plan) => {
      const pieces = neverSeeded(plan, runs.get(plan.runId) as Ledger);
      return { plan, pieces: queuedOf ? except(pieces, queuedOf(plan.runId)) : pieces };
    });
  const known = ledger.plan;
  const plan = known ? reconcilePlans(known, wanted) : wanted;
  const unseeded = queued ? except(neverSeeded(plan, ledger), queued) : neverSeeded(plan, ledger);
  // First the depth: once the broker tells it, it tells its capacity too.
  const { ready, leased, delayed } = await patientDepth(broker, stop);
  checkCapacity(
    chunksIn(plan, unseeded) + others.reduce((sum, other) => sum + chunksIn(other.plan, other.pieces), 0),
    await broker.capacity(),
    {
      volumeBytes: config.BROKER_VOLUME_BYTES,
      queued: ready + leased + delayed,
      recorded: [...runs.values()].reduce((sum, run) => sum + run.results, 0),
      valuesPerChunk: config.KEEP_VALUES ? plan.chunkSize : 0,
    },
  );
  for (const other of others) await publisher.publish(other.plan, other.pieces, 'resume');
  if (!known || plan.totalParameters > known.totalParameters) {
    const record: PlanRecord = { kind: 'plan', ...plan, createdAt: new Date().toISOString() };
    await broker.append(record);
    ledger.add({ position: '', record });
  }
  log.info(
    {
      run_id: plan.runId,
      total_parameters: plan.totalParameters,
      chunk_size: plan.chunkSize,
      chunks: chunkCount(plan),
      resumes: known !== undefined,
    },
    'plan',
  );

  const reason = !known ? 'initial' : plan.totalParameters > known.totalParameters ? 'extend' : 'resume';
  await publisher.publish(plan, unseeded, reason);
  if (known) await publisher.publish(plan, await lostPieces({ broker, plan, ledger, queued, log, stop }), 'repair');
  log.info({ run_id: plan.runId, chunks: publisher.total }, 'seeded');
  return publisher.total;
}

/** RabbitMQ takes connections before its statistics answer. */
async function patientDepth(broker: Broker, stop: AbortSignal): Promise<Depth> {
  for (let n = 1; ; n++) {
    try {
      return await broker.depth();
    } catch (thrown) {
      if (n === DEPTH_TRIES || stop.aborted) throw thrown;
      await delay(backoff(n), stop);
    }
  }
}
