/** Choosing a worker in the middle of a chunk, hitting it, and making sure that the hit came before the chunk's end. */
import { heldBy } from '../demo/held.mjs';
import { Stop } from '../steps.mjs';
import { pick } from './rng.mjs';

/** @typedef {import('../demo/processes.mjs').Process} Process */

const TRIES = 5;

/**
 * @param {import('./types.mjs').FaultStage} stage
 * @param {import('./rng.mjs').Rng} rng
 * @param {(victim: Process) => Promise<string>} hit resolves with what was observed
 * @returns {Promise<import('./types.mjs').Hit & { chunk: string, worker: string }>}
 */
export async function hitHolder(stage, rng, hit) {
  for (let n = 1; n <= TRIES; n++) {
    const { victim, chunkId: chunk } = await findHolder(stage, rng);
    const struckAt = Date.now();
    const observed = await hit(victim);
    const { results } = await stage.read();
    // Otherwise its record was on its way already: a fault, but not the one that was asked for.
    if (!results.some((r) => r.chunkId === chunk && r.workerId === victim.name)) return { target: `${victim.name} in the middle of chunk ${chunk}`, observed, struckAt, chunk, worker: victim.name };
  }
  throw new Stop(`no worker could be hit in the middle of a chunk in ${TRIES} tries`, 'use a run with longer chunks');
}

/**
 * @param {import('./types.mjs').FaultStage} stage
 * @param {import('./rng.mjs').Rng} rng
 */
async function findHolder(stage, rng) {
  return stage.until(() => {
    const holders = stage.processes.running('worker').flatMap((victim) => {
      // The latest start has the most left to do.
      const [held] = heldBy(victim.name, victim.log).sort((a, b) => b.startedAt - a.startedAt);
      return held ? [{ victim, chunkId: held.chunkId }] : [];
    });
    return holders.length > 0 && pick(rng, holders);
  }, 'a worker in the middle of a chunk');
}

/**
 * Sends a signal and waits for the process to end of it.
 * @param {Process} victim
 * @param {NodeJS.Signals} signal
 * @param {NodeJS.Signals} [endsBy] the same signal when omitted
 * @returns {Promise<string>} what was observed
 */
export async function endBy({ child, name, exited }, signal, endsBy = signal) {
  if (!child.kill(signal)) throw new Stop(`${name} could not be sent ${signal}: it is not running`);
  await exited;
  if (child.signalCode !== endsBy) throw new Stop(`${name} ended with ${child.signalCode ?? `status ${child.exitCode}`}, not by ${endsBy}`);
  return `process ${child.pid} ended by ${endsBy}`;
}
