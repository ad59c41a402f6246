/** How many parameters a chunk of a run on this machine holds, where its file does not say. */
import type { ComputationSpec } from '../../core/model/sweep.js';

/** Chunks that each worker finds at least: the last ones to finish wait for a sixteenth of their share. */
const CHUNKS_PER_WORKER = 16;
const MOST = 1000;
/** Of a program that takes many parameters in a line, since each takes it but a moment: a chunk has a cost of its own. */
const MOST_OF_BATCHES = 8000;

/** As large as leaves every worker its number of chunks, from 1 to 1000, or to 8000 where they are computed in batches. */
export function chunkSizeFor(totalParameters: number, workers: number, computation: ComputationSpec): number {
  const most = computation.kind === 'program' && computation.batch !== undefined ? MOST_OF_BATCHES : MOST;
  return Math.max(1, Math.min(most, Math.floor(totalParameters / (CHUNKS_PER_WORKER * workers))));
}
