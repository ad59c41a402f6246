/** Sobol sequences by counter: any point alone, in Gray code's order, each dimension scrambled as a tree by its seed. */
import { JOE_KUO } from './joe-kuo.js';

/** Dimensions that there are direction numbers for. */
export const MOST_DIMENSIONS = JOE_KUO.length + 1;
const BITS = 32;

/** @param dimension from 0 */
export function directionsOf(dimension: number): Uint32Array {
  const directions = new Uint32Array(BITS);
  const [polynomial = 1, ...initial] = JOE_KUO[dimension - 1] ?? [];
  const degree = initial.length;
  for (let j = 0; j < BITS; j++) {
    if (dimension === 0 || j < degree) {
      directions[j] = (initial[j] ?? 1) << (BITS - 1 - j);
      continue;
    }
    const before = directions[j - degree] as number;
    let next = before ^ (before >>> degree);
    for (let k = 1; k < degree; k++) if ((polynomial >>> (degree - k)) & 1) next ^= directions[j - k] as number;
    directions[j] = next;
  }
  return directions;
}

/** The point's 32 bits in one dimension. @param index below 2^32 */
export function sobolBits(directions: Uint32Array, index: number): number {
  let gray = (index ^ (index >>> 1)) >>> 0;
  let bits = 0;
  for (let j = 0; gray !== 0; j++, gray >>>= 1) if (gray & 1) bits ^= directions[j] as number;
  return bits >>> 0;
}

/**
 * Owen's scrambling by a hash: each bit is flipped or not by what the bits above it are. Laine and Karras' permutation
 * with Vegdahl's constants, as in Burley, "Practical Hash-based Owen Scrambling" (2020).
 */
export function scramble(bits: number, seed: number): number {
  let x = reversed(bits);
  x ^= Math.imul(x, 0x3d20adea);
  x = (x + seed) | 0;
  x = Math.imul(x, (seed >>> 16) | 1);
  x ^= Math.imul(x, 0x05526c56);
  x ^= Math.imul(x, 0x53a22864);
  return reversed(x);
}

function reversed(bits: number): number {
  let x = bits;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}
