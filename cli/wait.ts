/** Waiting for a run to finish: until nothing is missing, or nothing can bring what is missing any more. */
import { delay } from '../core/runtime/backoff.js';
import { asError } from '../core/runtime/errors.js';
import { Ledger, readLedger } from '../core/ledger/ledger.js';
import type { Context } from '../core/runtime/lifecycle.js';
import type { Source } from './source.js';

/**
 * With nothing queued, held or running for this long, waiting on is of no use: longer than a Job takes to retry a pod
 * once.
 */
const QUIET_MS = 30_000;
const LOOK_EVERY_MS = 1000;
const REPORT_EVERY_MS = 10_000;

/** Resolves when the run is finished, halted or at rest, or at the deadline; says now and then how far it is. */
export async function untilFinished(source: Source, { config, log, stop }: Context, seconds: number): Promise<void> {
  const over = new AbortController();
  const end = AbortSignal.any([stop, over.signal, AbortSignal.timeout(Math.round(seconds * 1000))]);
  let ledger = new Ledger(config.RUN_ID);
  let failure: unknown;
  const following =
    source.shards === undefined
      ? follow(source, ledger, end).catch((thrown: unknown) => {
          failure = thrown;
          over.abort();
        })
      : undefined;
  let activeAt = performance.now();
  let lookedAt = -Infinity;
  let reportedAt = activeAt;
  try {
    while (!end.aborted) {
      // Pods' logs cannot be followed: they are read anew each time.
      if (!following) ledger = await readLedger(() => source.records(), config.RUN_ID).catch(() => ledger);
      if (ledger.isFinished) return;
      const now = performance.now();
      if (now - lookedAt >= LOOK_EVERY_MS) {
        lookedAt = now;
        if (ledger.halted && (await isHalted(source, config.RUN_ID).catch(() => false))) {
          log.warn(
            { run_id: config.RUN_ID, reason: ledger.halted.reason, error: ledger.halted.error },
            'the run is halted: nothing of it is computed',
          );
          return;
        }
        if (!ledger.plan || (await source.isActive().catch(() => true))) activeAt = now;
      }
      if (now - activeAt > QUIET_MS) {
        log.warn({ seconds: QUIET_MS / 1000 }, 'nothing is queued or running any more, but the run is not finished');
        return;
      }
      if (now - reportedAt > REPORT_EVERY_MS) {
        reportedAt = now;
        log.info(
          { run_id: config.RUN_ID, done: ledger.covered.count, of: ledger.plan?.totalParameters },
          'waiting for the run to finish',
        );
      }
      await delay(following ? 100 : LOOK_EVERY_MS, end);
    }
    if (!stop.aborted && failure === undefined)
      log.warn({ seconds }, 'the deadline passed before the run was finished');
  } finally {
    over.abort();
    await following;
  }
  if (failure !== undefined) throw asError(failure);
}

/** The record alone may be an old one, of a log whose end is not read yet. */
async function isHalted({ broker }: Source, runId: string): Promise<boolean> {
  return (await broker?.runStates())?.get(runId)?.halted !== undefined;
}

async function follow(source: Source, ledger: Ledger, end: AbortSignal): Promise<void> {
  for await (const entry of source.records({ follow: end })) ledger.add(entry);
}
