/** How many parameters a chunk of a run on this machine holds, where its file does not say. */

/** Chunks that each worker finds at least: the last ones to finish wait for a sixteenth of their share. */
const CHUNKS_PER_WORKER = 16;
const MOST = 1000;

/** As large as leaves every worker its number of chunks, from 1 to 1000. */
export function chunkSizeFor(totalParameters: number, workers: number): number {
  return Math.max(1, Math.min(MOST, Math.floor(totalParameters / (CHUNKS_PER_WORKER * workers))));
}
