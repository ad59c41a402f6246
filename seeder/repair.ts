/**
 * Publishes what a run lacks, by the plan in its log: what seeding again does, from anywhere and without the run's
 * settings.
 */
import type { Broker } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import { readQueued, readRuns, unpublished, without } from './gaps.js';
import { haltToEnd } from './halted.js';
import { takeSeeding } from './lock.js';
import { Publisher } from './publish.js';
import { piecesToRepublish } from './republish.js';

export interface RepairOptions {
  readonly broker: Broker;
  readonly runId: string;
  /** On a broker that cannot list its queue: publish all that has no record, whatever is still queued. */
  readonly force: boolean;
  /** Whether `ttg run` computes the run, which decides what helps where it is refused. */
  readonly isHere?: boolean;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

export interface Repair {
  /** Chunks. */
  readonly published: number;
  /** Why what was published before was left alone, with the remedy. */
  readonly refused: string | undefined;
}

/** @throws ConfigError when the log holds no plan of the run, or the run is halted */
export async function repair({ broker, runId, force, isHere, log, stop }: RepairOptions): Promise<Repair> {
  await broker.prepare();
  await using seeding = await takeSeeding(broker, log, stop);
  const queued = (await readQueued(seeding))?.(runId);
  const runs = await readRuns(broker);
  const ledger = runs.get(runId);
  const plan = ledger?.plan;
  if (!ledger || !plan) {
    const known = [...runs.values()].filter((run) => run.plan).map((run) => run.runId);
    throw new ConfigError(
      `the log holds no plan of run ${runId}, so nobody can say what it lacks (${known.length > 0 ? `it knows ${known.join(', ')}` : 'it holds no run at all'}). ` +
        'Name the right run (RUN_ID; scripts: --run-id) and queue (QUEUE_PREFIX), or seed the run: deploy it, or helm upgrade with its values',
    );
  }
  if (await haltToEnd(broker, runId, undefined, isHere)) {
    const chunks = await broker.resume(runId);
    log.info({ run_id: runId, chunks }, 'the budget allows the dead parameters: the run goes on');
  }
  const unseeded = unpublished(plan, ledger);
  let refused: string | undefined;
  const pieces = await piecesToRepublish({
    broker,
    plan,
    ledger,
    queued,
    log,
    stop,
    force,
    refused: (why) => (refused = why),
  });
  const publisher = new Publisher({ broker, seeding, log, stop });
  await publisher.publish(plan, queued ? without(unseeded, queued) : unseeded, 'resume');
  await publisher.publish(plan, pieces, 'repair');
  return {
    published: publisher.total,
    refused:
      refused &&
      `${refused}, and the broker cannot say which ones: wait until workers have finished them, then repair again; ` +
        'or give --force, which publishes all that has no record yet: what is computed twice is counted once',
  };
}
