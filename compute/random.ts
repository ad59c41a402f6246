/** Random numbers that depend on run and parameter only: computed again they are the same, wherever that is. */
import { createHash } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1), with 53 bits. */
  (): number;
  /** Normally distributed: mean 0, standard deviation 1. */
  normal(): number;
}

/** The generators of one run. */
export class Seeds {
  readonly #k0: number;
  readonly #k1: number;
  readonly #k2: number;

  constructor(runId: string) {
    const hash = createHash('sha256').update(runId).digest();
    [this.#k0, this.#k1, this.#k2] = [hash.readUInt32LE(0), hash.readUInt32LE(4), hash.readUInt32LE(8)];
  }

  /**
   * What TTG_SEED is: a whole number from 0 below 2^32. Each parameter of a run below 2^32 has another one, since every
   * step from index to seed can be undone.
   */
  seed(index: number): number {
    const high = Math.floor(index / 0x1_0000_0000);
    return (mix(mix((index >>> 0) ^ this.#k0) + this.#k1) ^ (high === 0 ? 0 : mix(high ^ this.#k2))) >>> 0;
  }

  /** sfc32 (Chris Doty-Humphrey). */
  random(index: number): Random {
    let a = this.seed(index) | 0;
    let b = this.#k1 | 0;
    let c = this.#k2 ^ Math.floor(index / 0x1_0000_0000);
    let counter = 1;
    const word = (): number => {
      const sum = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      return sum >>> 0;
    };
    for (let i = 0; i < 12; i++) word();
    const uniform = (): number => ((word() >>> 5) * 0x400_0000 + (word() >>> 6)) / 0x20_0000_0000_0000;
    return Object.assign(uniform, {
      // Box and Muller; 1 − u is never 0.
      normal: (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    });
  }
}

/** MurmurHash3's finalizer: a bijection of 32-bit words. */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
