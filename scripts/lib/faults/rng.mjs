/** A small deterministic generator: the same seed and name give the same schedule, on every machine. */

/**
 * @typedef {() => number} Rng from 0 to below 1
 */

/**
 * mulberry32 (Tommy Ettinger, public domain), its state begun from an FNV-1a hash of seed and name.
 * @param {number} seed
 * @param {string} name of the fault: each has a schedule of its own
 * @returns {Rng}
 */
export function makeRng(seed, name) {
  let state = 0x811c9dc5;
  for (const char of `${seed}/${name}`) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @template T
 * @param {Rng} rng
 * @param {readonly T[]} items not empty
 * @returns {T}
 */
export function pick(rng, items) {
  const item = items[Math.floor(rng() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
