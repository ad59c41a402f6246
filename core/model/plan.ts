/** A run as data: which parameters it has and how they are cut. Pure; nothing here touches a broker. */
import { ConfigError } from '../runtime/errors.js';
import type { Interval } from './interval.js';
import type { Chunk } from './chunk.js';

export interface Plan {
  readonly runId: string;
  /** Parameters 0 … totalParameters − 1. */
  readonly totalParameters: number;
  /** Parameters a chunk; the last chunk of the run may be shorter. */
  readonly chunkSize: number;
  /** Which computation gives the values: `builtin`, or the module that was mounted. */
  readonly computation: string;
}

export function planInterval(plan: Plan): Interval {
  return { start: 0, end: plan.totalParameters - 1 };
}

export function chunkCount(plan: Plan): number {
  return Math.ceil(plan.totalParameters / plan.chunkSize);
}

/** How many chunks `chunksOf` cuts the pieces into. */
export function chunksIn(plan: Plan, pieces: Iterable<Interval>): number {
  let chunks = 0;
  for (const { start, end } of pieces)
    chunks += Math.floor(end / plan.chunkSize) - Math.floor(start / plan.chunkSize) + 1;
  return chunks;
}

/** 0-based, five digits or wider: `00042`. A piece of a grid chunk is named by its parameters too: `00042.4210-4219`. */
export function chunkId(plan: Plan, piece: Interval): string {
  const index = Math.floor(piece.start / plan.chunkSize);
  const whole = gridChunk(plan, index);
  const id = String(index).padStart(5, '0');
  return whole.start === piece.start && whole.end === piece.end ? id : `${id}.${piece.start}-${piece.end}`;
}

function gridChunk(plan: Plan, index: number): Interval {
  const start = index * plan.chunkSize;
  return { start, end: Math.min(start + plan.chunkSize, plan.totalParameters) - 1 };
}

/**
 * Cuts the given parameters along the plan's grid, lazily: ten million parameters cost no memory.
 * @param pieces ascending and disjoint; the whole plan when omitted
 */
export function* chunksOf(
  plan: Plan,
  createdAt: string,
  pieces: Iterable<Interval> = [planInterval(plan)],
): Generator<Chunk> {
  for (const piece of pieces) {
    for (let start = piece.start; start <= piece.end;) {
      const end = Math.min(gridChunk(plan, Math.floor(start / plan.chunkSize)).end, piece.end);
      // A plain literal: spreading here costs more than all the rest of publishing a chunk.
      yield {
        start,
        end,
        runId: plan.runId,
        chunkId: chunkId(plan, { start, end }),
        computation: plan.computation,
        createdAt,
      };
      start = end + 1;
    }
  }
}

/**
 * The playbook's rule for static mode: equal shares, the remainder to the last worker.
 * @returns undefined where there are fewer parameters than workers and this one has none
 */
export function shard(totalParameters: number, totalWorkers: number, index: number): Interval | undefined {
  if (index < 0 || index >= totalWorkers) {
    throw new ConfigError(
      `worker index ${index} is outside 0…${totalWorkers - 1}: set TOTAL_WORKERS to the Job's completions, ` +
        'and JOB_COMPLETION_INDEX (or WORKER_ID) below it',
    );
  }
  const share = Math.floor(totalParameters / totalWorkers);
  const start = index * share;
  const end = index === totalWorkers - 1 ? totalParameters - 1 : start + share - 1;
  return end < start ? undefined : { start, end };
}

/**
 * What a further seeding of the same run id may change: only a larger total, which extends the run.
 * @throws ConfigError naming the difference and the remedy
 */
export function reconcilePlans(known: Plan, wanted: Plan): Plan {
  const same = known.chunkSize === wanted.chunkSize && known.computation === wanted.computation;
  if (same && wanted.totalParameters >= known.totalParameters) return wanted;
  const differences = (['totalParameters', 'chunkSize', 'computation'] as const)
    .filter((key) => known[key] !== wanted[key])
    .map((key) => `${key} ${known[key]} → ${wanted[key]}`);
  throw new ConfigError(
    `run ${known.runId} exists with another plan (${differences.join(', ')}): a run can be resumed as it is or extended ` +
      'to a larger total, nothing else. Start a new run instead: set another RUN_ID (chart: run.id)',
  );
}
