/**
 * Philox 4×32-10: random numbers by counter, so that any worker draws those of any row. Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3" (2011).
 */

export type Counter = readonly [number, number, number, number];
export type Key = readonly [number, number];

const [M0, M1] = [0xd2511f53, 0xcd9e8d57];
const [W0, W1] = [0x9e3779b9, 0xbb67ae85];

/** Four words of 32 bits for a counter under a key. */
export function philox([a, b, c, d]: Counter, [k, l]: Key): Counter {
  for (let round = 0; round < 10; round++) {
    const [low0, low1] = [Math.imul(M0, a), Math.imul(M1, c)];
    const [high0, high1] = [highOf(M0, a), highOf(M1, c)];
    [a, b, c, d] = [high1 ^ b ^ k, low1, high0 ^ d ^ l, low0];
    k = (k + W0) | 0;
    l = (l + W1) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** The upper 32 bits of a product of two words. */
function highOf(x: number, y: number): number {
  const [xl, xh, yl, yh] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const middle = xh * yl + ((xl * yl) >>> 16);
  const lower = xl * yh + (middle & 0xffff);
  return (xh * yh + (middle >>> 16) + (lower >>> 16)) | 0;
}

/** A double in [0, 1) of 53 bits. */
export function unit(high: number, low: number): number {
  return ((high >>> 0) * 2_097_152 + (low >>> 11)) / 9_007_199_254_740_992;
}
