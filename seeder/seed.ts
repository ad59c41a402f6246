/** Brings a run into the queue: plan first, then the chunks that are missing, and a record of what was published. */
import { isProgram, probeComputation } from '../compute/probe.js';
import { patientDepth } from '../core/broker/patience.js';
import type { Broker } from '../core/broker/port.js';
import { Ledger } from '../core/ledger/ledger.js';
import { chunkCount, chunksIn, planOf, reconcilePlans, type Plan } from '../core/model/plan.js';
import { runsHere, type Config } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import { sweepOfConfig } from '../core/sweep/of-config.js';
import { openStore, probeStore, sayingThatItWaits, Stores } from '../core/store/open.js';
import { fetchingFrom } from '../core/store/read-values.js';
import type { PlanRecord } from '../core/wire/records.js';
import { bytesPerValue, checkCapacity } from './capacity.js';
import { readQueued, readRuns, unpublished, without } from './gaps.js';
import { haltToEnd } from './halted.js';
import { takeSeeding } from './lock.js';
import { Publisher } from './publish.js';
import { findReusable, type ElsewhereRuns } from './reuse.js';
import { piecesToRepublish } from './republish.js';

/** A computation that is slower than this for three parameters is not refused. */
const PROBE_MS = 10_000;

export interface SeedOptions {
  readonly broker: Broker;
  readonly config: Config;
  readonly log: Logger;
  readonly stop: AbortSignal;
  /** Runs beside those of the broker's log, for `run.reuse`. */
  readonly elsewhere?: ElsewhereRuns;
}

/**
 * Safe to repeat at any time: publishes only what has no record and is not queued. Resolves with the chunks published.
 */
export async function seed({ broker, config, log, stop, elsewhere }: SeedOptions): Promise<number> {
  const wanted = planOf(config, await sweepOfConfig(config));
  await checkConcerns(broker, log);
  await broker.prepare();
  await using seeding = await takeSeeding(broker, log, stop);
  const queuedOf = await readQueued(seeding);
  const queued = queuedOf?.(wanted.runId);
  const runs = await readRuns(broker);
  const ledger = runs.get(wanted.runId) ?? new Ledger(wanted.runId);
  const publisher = new Publisher({ broker, seeding, log, stop });

  // A seeder that was replaced in the middle, by an upgrade to a new run, left its own run unfinished.
  const others = [...runs.values()]
    .flatMap(({ plan, runId, halted }) => (plan && !halted && runId !== wanted.runId ? [plan] : []))
    .map((plan) => {
      const pieces = unpublished(plan, runs.get(plan.runId) as Ledger);
      return { plan, pieces: queuedOf ? without(pieces, queuedOf(plan.runId)) : pieces };
    });
  const known = ledger.plan;
  const plan = known ? reconcilePlans(known, wanted) : wanted;
  // Nothing is changed before the last of these has passed.
  const halt = await haltToEnd(broker, plan.runId, plan.maxDead, runsHere(config));
  await checkStore(plan, { config, log, stop });
  const valueBytes = await checkComputation(plan, { config, log, stop });
  const wantedPieces = queued ? without(unpublished(plan, ledger), queued) : unpublished(plan, ledger);
  using reuse = await findReusable({
    broker,
    fetchValues: fetchingFrom(new Stores(config, { stop })),
    elsewhere,
    plan,
    wanted: wantedPieces,
    from: config.RUN_REUSE,
    runs,
    resumes: known !== undefined,
    log,
    stop,
  });
  const unseeded = reuse ? without(wantedPieces, reuse.reused) : wantedPieces;
  // First the depth: once the broker tells it, it tells its capacity too.
  const { ready, leased, delayed, parked } = await patientDepth(broker, stop);
  const own = chunksIn(plan, unseeded) + (reuse?.pieces ?? 0);
  const chunks = own + others.reduce((sum, other) => sum + chunksIn(other.plan, other.pieces), 0);
  const deadByNow = ledger.dead().count;
  checkCapacity(chunks, await broker.capacity(), {
    volumeBytes: config.BROKER_VOLUME_BYTES,
    queued: ready + leased + delayed + parked,
    recorded: [...runs.values()].reduce((sum, run) => sum + run.results, 0),
    valuesPerChunk: plan.keepValues && !plan.store ? Math.min(plan.chunkSize, plan.totalParameters) : 0,
    bytesPerValue: bytesPerValue(valueBytes),
    deadByNow,
    deadToCome: Math.max(0, Math.min(plan.maxDead, plan.totalParameters) - deadByNow),
  });
  for (const other of others) await publisher.publish(other.plan, other.pieces, 'resume');
  if (!known || plan.totalParameters > known.totalParameters || isChanged(known, plan)) {
    const record: PlanRecord = { kind: 'plan', ...plan, createdAt: new Date().toISOString() };
    await seeding.append(record);
    ledger.add({ position: '', record });
  }
  if (halt) {
    const fields = {
      run_id: plan.runId,
      dead: halt.dead,
      max_dead: plan.maxDead,
      chunks: await broker.resume(plan.runId),
    };
    log.info(fields, 'the budget allows the dead parameters: the run goes on');
  }
  log.info(
    {
      run_id: plan.runId,
      total_parameters: plan.totalParameters,
      chunk_size: plan.chunkSize,
      chunks: chunkCount(plan),
      max_dead: plan.maxDead,
      resumes: known !== undefined,
    },
    'plan',
  );

  if (reuse) {
    await seeding.adopt(reuse.records());
    const fields = { run_id: plan.runId, reuse: config.RUN_REUSE, parameters: reuse.reused.count };
    log.info(fields, 'values are taken from another run');
  }
  const reason = !known ? 'initial' : plan.totalParameters > known.totalParameters ? 'extend' : 'resume';
  await publisher.publish(plan, unseeded, reason);
  if (known) {
    const again = await piecesToRepublish({ broker, plan, ledger, queued, log, stop });
    await publisher.publish(plan, again, 'repair');
  }
  log.info({ run_id: plan.runId, chunks: publisher.total }, 'seeded');
  return publisher.total;
}

/** What may change without more parameters. */
function isChanged(known: Plan, plan: Plan): boolean {
  return plan.maxDead !== known.maxDead || plan.store !== known.store;
}

/** @throws ConfigError where values cannot be stored, StoreAway where nothing answers */
async function checkStore(
  { keepValues, store: kind }: Plan,
  { config, log, stop }: Pick<SeedOptions, 'config' | 'log' | 'stop'>,
): Promise<void> {
  if (!keepValues || !kind) return;
  const patienceMs = config.CONNECT_TIMEOUT_SECONDS * 1000;
  const store = openStore(kind, config, { stop, patienceMs, waits: sayingThatItWaits(log) });
  await probeStore(store);
  log.info({ place: store.place }, 'the store of values takes and gives objects');
}

/** @throws ConfigError where the broker cannot keep the promise */
async function checkConcerns(broker: Broker, log: Logger): Promise<void> {
  const concerns = await broker.concerns();
  const fatal = concerns.filter((concern) => concern.fatal);
  if (fatal.length > 0)
    throw new ConfigError(`${fatal.map(({ message }) => message).join('. ')}. Nothing was published`);
  for (const { message } of concerns) log.warn({ concern: message }, 'the broker is not set up as it should be');
}

/**
 * @returns bytes of a value as JSON, where one is known
 * @throws ConfigError where the computation cannot be loaded, or fails for each parameter that is tried
 */
async function checkComputation(
  { runId, computation, totalParameters }: Plan,
  { config, log, stop }: Pick<SeedOptions, 'config' | 'log' | 'stop'>,
): Promise<number | undefined> {
  if (computation === 'builtin') return undefined;
  if (config.WORKER_IMAGE !== '' && (await isProgram(computation, config))) {
    log.info(
      { image: config.WORKER_IMAGE },
      'the program is in the image of the workers and not here: it is not tried before chunks of it are published',
    );
    return undefined;
  }
  const last = totalParameters - 1;
  const tried = [...new Set([0, Math.floor(last / 2), last])];
  const probe = await probeComputation(computation, tried, PROBE_MS, stop, { runId, config, log });
  if (!probe.ok) throw new ConfigError(`${probe.reason}. Nothing was published`);
  if (probe.slow)
    log.info({ parameters: tried, seconds: PROBE_MS / 1000 }, 'the computation is slower than the trial of it waits');
  return probe.valueBytes;
}
