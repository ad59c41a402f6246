/** How many parameters a chunk of a run on this machine holds, where its file does not say. */
import type { ComputationSpec } from '../../core/model/sweep.js';

/** Chunks that each worker finds at least: the last ones to finish wait for a sixteenth of their share. */
const CHUNKS_PER_WORKER = 16;
const MOST = 1000;
/** Of a program that takes many parameters in a line, since each takes it but a moment: a chunk has a cost of its own. */
const MOST_OF_BATCHES = 8000;

/** Of a program that is started for each: that takes milliseconds at least, and a chunk that is lost is computed again. */
const MOST_OF_PROCESSES = 100;

/** As large as leaves every worker its number of chunks, and no larger than the cost of a chunk asks for. */
export function chunkSizeFor(totalParameters: number, workers: number, computation: ComputationSpec): number {
  return Math.max(1, Math.min(mostOf(computation), Math.floor(totalParameters / (CHUNKS_PER_WORKER * workers))));
}

function mostOf(computation: ComputationSpec): number {
  if (computation.kind !== 'program') return MOST;
  if (computation.protocol === 'process') return MOST_OF_PROCESSES;
  return computation.batch === undefined ? MOST : MOST_OF_BATCHES;
}
