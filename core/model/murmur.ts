/** MurmurHash3_x86_128 (Austin Appleby, public domain) of any bytes. */

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * @param words the bytes, little-endian, with zeros up to a multiple of 16
 * @param length of the bytes
 * @param into the hash as four words, the least significant first
 */
export function murmur128(words: Int32Array, length: number, seed: number, into: Uint32Array): void {
  let h1 = seed;
  let h2 = seed;
  let h3 = seed;
  let h4 = seed;
  const blocks = length >>> 4;
  for (let at = 0; at < blocks << 2; at += 4) {
    h1 ^= lane(words[at] as number, C1, 15, C2);
    h1 = (((h1 << 19) | (h1 >>> 13)) + h2) | 0;
    h1 = (Math.imul(h1, 5) + 0x561ccd1b) | 0;
    h2 ^= lane(words[at + 1] as number, C2, 16, C3);
    h2 = (((h2 << 17) | (h2 >>> 15)) + h3) | 0;
    h2 = (Math.imul(h2, 5) + 0x0bcaa747) | 0;
    h3 ^= lane(words[at + 2] as number, C3, 17, C4);
    h3 = (((h3 << 15) | (h3 >>> 17)) + h4) | 0;
    h3 = (Math.imul(h3, 5) + 0x96cd1c35) | 0;
    h4 ^= lane(words[at + 3] as number, C4, 18, C1);
    h4 = (((h4 << 13) | (h4 >>> 19)) + h1) | 0;
    h4 = (Math.imul(h4, 5) + 0x32ac3b17) | 0;
  }
  if ((length & 15) !== 0) {
    // The words of the tail that hold nothing are zero, and change nothing.
    const at = blocks << 2;
    h1 ^= lane(words[at] as number, C1, 15, C2);
    h2 ^= lane(words[at + 1] as number, C2, 16, C3);
    h3 ^= lane(words[at + 2] as number, C3, 17, C4);
    h4 ^= lane(words[at + 3] as number, C4, 18, C1);
  }
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = mix(h1);
  h2 = mix(h2);
  h3 = mix(h3);
  h4 = mix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  into[0] = h1;
  into[1] = h2 + h1;
  into[2] = h3 + h1;
  into[3] = h4 + h1;
}

function lane(k: number, first: number, bits: number, second: number): number {
  k = Math.imul(k, first);
  return Math.imul((k << bits) | (k >>> (32 - bits)), second);
}

export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
