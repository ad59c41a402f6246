/** The peers' rates, each at the largest size that ends within its budget. */
import { answer, start } from '../lib/process.mjs';

export const PEERS = ['joblib', 'multiprocessing', 'dask', 'ray'];
const FIRST_SIZE = 1000;
/** Sizes grow by at most this factor, so that a rate that falls with the size is seen before the budget is gone. */
const GROWTH = 10;
/** Of the budget, what the next size is expected to take: the rate may fall. */
const SHARE = 0.6;

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} version
 * @property {number} size
 * @property {number} seconds without start-up
 * @property {number} rate parameters a second
 * @property {boolean} whole all of the parameters fitted into the budget
 */

/**
 * @param {string} name @param {number} total @param {number} budget seconds for all sizes together
 * @param {{ python: string, file: string, processes: number }} with_ @returns {Promise<Peer | undefined>}
 */
export async function measurePeer(name, total, budget, { python, file, processes }) {
  const end = performance.now() + budget * 1000;
  /** @type {Peer | undefined} */
  let best;
  for (let size = Math.min(FIRST_SIZE, total); ;) {
    const left = (end - performance.now()) / 1000;
    const found = await within(left, start(python, [file, name, String(size), String(processes)], { group: true }));
    if (!found) return best;
    const { count, seconds, version } = answer(found);
    if (count !== size) throw new Error(`${name} gave ${count} of ${size} results`);
    best = { name, version, size, seconds, rate: size / seconds, whole: size === total };
    console.error(`  ${name}: ${size} in ${seconds.toFixed(1)} s`);
    const fits = Math.floor((size / Math.max(seconds, found.wallMs / 1000 - 1)) * SHARE * (left - found.wallMs / 1000));
    const next = Math.min(total, size * GROWTH, fits);
    if (next < size * 1.5) return best;
    size = next;
  }
}

/**
 * @param {number} seconds @param {import('../lib/process.mjs').Running} running
 * @returns {Promise<import('../lib/process.mjs').Ended | undefined>} undefined where it took longer
 */
async function within(seconds, { child, ended }) {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // What it started ends with it, or by itself when it is gone.
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  }, seconds * 1000);
  const done = await ended;
  clearTimeout(timer);
  if (late) return undefined;
  if (done.code !== 0) throw new Error(`ended with ${done.code}: ${done.out.trim().slice(-300)}`);
  return done;
}
