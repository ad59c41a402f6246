/** A run as data: which parameters it has and how they are cut. Pure; nothing here touches a broker. */
import { ConfigError } from '../runtime/errors.js';
import type { Interval } from './interval.js';
import type { Chunk } from './chunk.js';
import type { Sweep, SweepDocument } from './sweep.js';
import { sweepChanges } from './sweep-changes.js';

/** Where values lie that are not in the log: each of their records says where. */
export type ExternalStore = 'directory' | 's3';

export interface Plan {
  readonly runId: string;
  /** Parameters 0 … totalParameters − 1. */
  readonly totalParameters: number;
  /** Parameters a chunk; the last chunk of the run may be shorter. */
  readonly chunkSize: number;
  /** Which computation gives the values: `builtin`, the module that was mounted, or the id of the sweep. */
  readonly computation: string;
  /** Whether records keep each single value. */
  readonly keepValues: boolean;
  /** Where those of new chunks go; absent for the log. It may be changed while the run exists. */
  readonly store?: ExternalStore;
  /**
   * The failure budget: with more dead parameters than this the run is halted. It may be changed while the run exists.
   */
  readonly maxDead: number;
  /** What defines parameters and computation; absent for a range of indexes under the built-in or a mounted module. */
  readonly sweep?: SweepDocument;
}

/** The settings that make up a plan, by their names in the environment. */
export interface PlanSettings {
  readonly RUN_ID: string;
  readonly TOTAL_PARAMETERS: number;
  readonly CHUNK_SIZE: number;
  readonly COMPUTATION: string;
  readonly KEEP_VALUES: boolean;
  readonly MAX_DEAD: string;
  readonly RESULTS_STORE?: '' | 'log' | 'none' | ExternalStore | undefined;
}

const MOST_CHUNKS = 20_000_000;

/**
 * @param sweep takes the place of TOTAL_PARAMETERS and COMPUTATION
 * @throws ConfigError when MAX_DEAD is neither a number of parameters nor a share of them, or there are too many chunks
 */
export function planOf(settings: PlanSettings, sweep?: Sweep): Plan {
  const { RUN_ID, CHUNK_SIZE, MAX_DEAD } = settings;
  const totalParameters = sweep ? sweep.parameters.total : settings.TOTAL_PARAMETERS;
  if (totalParameters / CHUNK_SIZE > MOST_CHUNKS)
    throw new ConfigError(
      `${totalParameters} parameters in chunks of ${CHUNK_SIZE} are more than 20,000,000 chunks: ` +
        'raise CHUNK_SIZE (chart: run.chunkSize)',
    );
  return {
    runId: RUN_ID,
    totalParameters,
    chunkSize: CHUNK_SIZE,
    computation: sweep ? sweep.id : settings.COMPUTATION,
    keepValues: keepsValues(settings, sweep !== undefined),
    ...storeOf(settings),
    maxDead: failureBudget(MAX_DEAD, totalParameters),
    ...(sweep ? { sweep: sweep.document } : {}),
  };
}

/**
 * Whether values are kept, in the log or elsewhere. Whoever brings parameters of his own wants a table of them.
 * @param isSweep whether the run has a sweep document; else the environment says whether it names one
 */
export function keepsValues(
  settings: Pick<PlanSettings, 'RESULTS_STORE' | 'KEEP_VALUES'> & { readonly SWEEP_FILE?: string },
  isSweep = (settings.SWEEP_FILE ?? '') !== '',
): boolean {
  const { RESULTS_STORE, KEEP_VALUES } = settings;
  return !RESULTS_STORE ? KEEP_VALUES || isSweep : RESULTS_STORE !== 'none';
}

/** The store beside the log, where there is one. */
export function storeOf({ RESULTS_STORE }: Pick<PlanSettings, 'RESULTS_STORE'>): { readonly store?: ExternalStore } {
  return RESULTS_STORE === 'directory' || RESULTS_STORE === 's3' ? { store: RESULTS_STORE } : {};
}

/**
 * How many parameters of a run may be dead before it is halted.
 * @param text a whole number of parameters, a share such as `2%`, or empty: one percent, at least 100 and at most
 *   10,000
 */
export function failureBudget(text: string, totalParameters: number): number {
  if (text === '') return Math.min(10_000, Math.max(100, Math.ceil(totalParameters / 100)));
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (percent === '%' && digits !== '' && number <= 100) return Math.floor((totalParameters * number) / 100);
  if (percent === '' && Number.isSafeInteger(number)) return number;
  throw new ConfigError(
    `MAX_DEAD=${JSON.stringify(text)} is neither a whole number of parameters nor a share from 0% to 100%: ` +
      'set it (chart: run.maxDead) to, for example, 100 or 2%, or leave it out for 1 %, at least 100 and at most 10,000',
  );
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

/**
 * 0-based, five digits or wider: `00042`. A piece of a grid chunk is named by its parameters too: `00042.4210-4219`.
 */
export function chunkId(plan: Plan, piece: Interval): string {
  const index = Math.floor(piece.start / plan.chunkSize);
  const whole = gridChunk(plan, index);
  const id = String(index).padStart(5, '0');
  return whole.start === piece.start && whole.end === piece.end ? id : `${id}.${piece.start}-${piece.end}`;
}

function isPiece(plan: Plan, start: number, end: number): boolean {
  const whole = gridChunk(plan, Math.floor(start / plan.chunkSize));
  return start !== whole.start || end !== whole.end;
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
        keepValues: plan.keepValues,
        piece: isPiece(plan, start, end),
        createdAt,
      };
      start = end + 1;
    }
  }
}

/**
 * Static mode: equal shares, the remainder to the last worker.
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
 * What a further seeding of the same run id may change: a larger total, which extends the run, the failure budget, and
 * the store of values, since each record says where its own are. Whether values are kept may not change.
 * @throws ConfigError naming the difference and the remedy
 */
export function reconcilePlans(known: Plan, wanted: Plan): Plan {
  const differing = (['chunkSize', 'computation', 'keepValues'] as const).filter((key) => known[key] !== wanted[key]);
  if (differing.length === 0 && wanted.totalParameters >= known.totalParameters) return wanted;
  const differences = (['totalParameters', 'chunkSize', 'computation', 'keepValues'] as const)
    .filter((key) => known[key] !== wanted[key])
    .flatMap((key) =>
      key === 'computation' ? computationChanges(known, wanted) : `${key} ${known[key]} → ${wanted[key]}`,
    );
  throw new ConfigError(
    `run ${known.runId} exists with another plan (${differences.join(', ')}): a run can be resumed as it is or extended ` +
      'to a larger total, nothing else. Start a new run instead: set another RUN_ID (chart: run.id)',
  );
}

function computationChanges(known: Plan, wanted: Plan): readonly string[] {
  const changes = known.sweep && wanted.sweep ? sweepChanges(known.sweep, wanted.sweep) : [];
  return changes.length > 0 ? changes : [`computation ${known.computation} → ${wanted.computation}`];
}
