/** What a run is doing, in a word: from its ledger and whether anything is queued. */
import type { Ledger } from './ledger.js';
import { progressOf } from './report.js';

/**
 * - seeding: chunks of it were never published, because a seeder is at it or was stopped
 * - running: nothing was left out, and chunks are queued (of whichever run: queues are shared)
 * - halted: it takes no chunks; somebody cancelled it, or it used up its failure budget
 * - stopped: it is a run of this machine, parameters are missing, and no process is at it: `ttg run` goes on
 * - incomplete: parameters are missing and nothing is queued
 */
export type RunStateWord =
  | 'seeding'
  | 'running'
  | 'stopped'
  | 'halted: cancelled'
  | 'halted: failures'
  | 'complete'
  | 'complete with dead'
  | 'incomplete';

export interface Around {
  /** Whether something of the plan was never published. */
  readonly unpublished: boolean;
  /** Whether the queue holds chunks, or workers do. */
  readonly queued: boolean;
  /** Whether the run can have workers of this machine alone, and there are none. */
  readonly atRest?: boolean;
}

/** Conflicting results are not looked for, which takes another reading of the log: `ttg verify` judges. */
export function runStateOf(ledger: Ledger, { unpublished, queued, atRest = false }: Around): RunStateWord {
  if (ledger.isFinished) return progressOf(ledger).dead > 0 ? 'complete with dead' : 'complete';
  if (ledger.halted) return `halted: ${ledger.halted.reason}`;
  if (atRest) return 'stopped';
  if (ledger.plan && unpublished) return 'seeding';
  return ledger.plan && queued ? 'running' : 'incomplete';
}
