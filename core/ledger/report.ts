/** Ledger → the figures people ask for: results, wall clock, throughput, who did what. */
import type { ValueFigures } from '../model/totals.js';
import type { Ledger } from './ledger.js';
import type { WorkerShare } from './tally.js';

/** Sum, minimum, maximum and average are those of the values that are finite plain numbers. */
export interface Report extends ValueFigures {
  readonly runId: string;
  readonly parameters: number;
  readonly chunks: number;
  readonly sum: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly average: number | null;
  /** That of a sample; null also where the records do not tell it. */
  readonly standardDeviation: number | null;
  /** From the first confirmed chunk to the last result; null where nothing was seeded or computed. */
  readonly wallSeconds: number | null;
  /** From the first confirmed chunk to the start of the first chunk. */
  readonly firstStartSeconds: number | null;
  readonly parametersPerSecond: number | null;
  /** Seconds of computing, of all workers together. */
  readonly busySeconds: number;
  /** How many workers' worth of computing ran at a time: busySeconds ÷ wallSeconds. */
  readonly parallelism: number | null;
  readonly recovered: number;
  /** Parameters whose values were taken from another run (run.reuse); the figures of time are those of the others. */
  readonly reused: number;
  readonly workers: readonly WorkerShare[];
}

export function makeReport(ledger: Ledger): Report {
  const { tally, totals } = ledger;
  const { sum, min, max, mean, standardDeviation } = totals.numbers.figures();
  const parameters = ledger.covered.count;
  const begin = ledger.seeded[0]?.firstConfirmedAt ?? tally.firstStartedAt;
  const wallSeconds = seconds(begin, tally.lastCompletedAt);
  return {
    runId: ledger.runId,
    parameters,
    chunks: tally.chunks,
    sum,
    min,
    max,
    average: mean,
    standardDeviation,
    ...totals.figures(),
    wallSeconds,
    firstStartSeconds: seconds(begin, tally.firstStartedAt),
    parametersPerSecond: wallSeconds ? round((parameters - tally.reused) / wallSeconds) : null,
    busySeconds: round(tally.busySeconds),
    parallelism: wallSeconds ? round(tally.busySeconds / wallSeconds) : null,
    recovered: tally.recoveredCount,
    reused: tally.reused,
    workers: tally.workers().map((w) => ({ ...w, busySeconds: round(w.busySeconds) })),
  };
}

/** How far a run is, in parameters: what is shown while it goes on. */
export function progressOf(ledger: Ledger): { total: number; done: number; dead: number } {
  return { total: ledger.plan?.totalParameters ?? 0, done: ledger.covered.count, dead: ledger.dead().count };
}

function seconds(from: string | undefined, to: string | undefined): number | null {
  return from && to ? round((Date.parse(to) - Date.parse(from)) / 1000) : null;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
