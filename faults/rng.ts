/** A small deterministic generator: the same seed and name give the same schedule, on every machine. */

/** from 0 to below 1 */
export type Rng = () => number;

/**
 * mulberry32 (Tommy Ettinger, public domain), its state begun from an FNV-1a hash of seed and name.
 * @param name of the fault: each has a schedule of its own
 */
export function makeRng(seed: number, name: string): Rng {
  let state = 0x811c9dc5;
  for (const char of `${seed}/${name}`) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param items not empty */
export function pick<T>(rng: Rng, items: readonly T[]): T {
  const item = items[Math.floor(rng() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
