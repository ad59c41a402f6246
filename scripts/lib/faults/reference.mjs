/** What a run of the built-in computation must give, computed here without any broker. */
import { Digest } from '../../../dist/core/model/digest.js';
import { builtin } from '../../../dist/compute/builtin.js';

/**
 * @param {number} total parameters 0 … total − 1
 * @param {readonly number[]} [dead] those that have no result
 * @returns {string}
 */
export function referenceDigest(total, dead = []) {
  const digest = new Digest();
  for (let i = 0; i < total; i++) if (!dead.includes(i)) digest.add(i, builtin.compute(i));
  return digest.toString();
}
