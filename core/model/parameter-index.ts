/**
 * Which parameter of one run is that of another: by equal columns. Memory is some 20 bytes a parameter, since columns
 * are computed again instead of kept. Of parameters that occur several times the first answers the first, and so on.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { ConfigError } from '../runtime/errors.js';
import type { Interval } from './interval.js';
import type { Columns } from './value.js';
import { valueText } from './value-text.js';

/** 2 GB of memory. */
const MOST_PARAMETERS = 100_000_000;
/** So many are added at a time: a lock has to be renewed, or a signal heard, meanwhile. */
const AT_ONCE = 20_000;
/** Takes the place of an entry whose parameters are all taken: those behind it must still be found. */
const TAKEN = 0xffff_ffff;

export class ParameterIndex {
  readonly #at: (index: number) => Columns;
  readonly #mask: number;
  /** 1 + the first index of an entry; 0 where the slot is free. */
  readonly #slots: Uint32Array;
  readonly #hashes: Uint32Array;
  /** By index: 1 + the next one with the same columns, or 0. */
  readonly #next: Uint32Array;

  /**
   * @param at the columns of a parameter, always the same ones
   * @param among ascending: the parameters that are looked for
   * @throws ConfigError where they are more than memory can be expected to hold
   */
  static async of(at: (index: number) => Columns, among: readonly Interval[]): Promise<ParameterIndex> {
    const made = new ParameterIndex(at, among);
    let added = 0;
    // Backwards, so that the first one of equals comes first.
    for (const { start, end } of among.toReversed())
      for (let index = end; index >= start; index--) {
        made.#add(index);
        if (++added % AT_ONCE === 0) await breathe();
      }
    return made;
  }

  private constructor(at: (index: number) => Columns, among: readonly Interval[]) {
    const count = among.reduce((sum, { start, end }) => sum + end - start + 1, 0);
    const total = (among.at(-1)?.end ?? -1) + 1;
    if (total > MOST_PARAMETERS)
      throw new ConfigError(
        `parameters can be found by their columns among ${MOST_PARAMETERS.toLocaleString('en')} at most, not among ` +
          `${total.toLocaleString('en')}: cut the run into several`,
      );
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, count * 1.5)));
    this.#at = at;
    this.#mask = size - 1;
    this.#slots = new Uint32Array(size);
    this.#hashes = new Uint32Array(size);
    this.#next = new Uint32Array(total);
  }

  /** @returns the first parameter with these columns that was not taken before */
  take(columns: Columns): number | undefined {
    const text = valueText(columns);
    const slot = this.#slotOf(text, hashOf(text));
    const found = this.#slots[slot] as number;
    if (found === 0) return undefined;
    const index = found - 1;
    this.#slots[slot] = (this.#next[index] as number) || TAKEN;
    return index;
  }

  #add(index: number): void {
    const text = valueText(this.#at(index));
    const hash = hashOf(text);
    const slot = this.#slotOf(text, hash);
    this.#next[index] = this.#slots[slot] as number;
    this.#slots[slot] = index + 1;
    this.#hashes[slot] = hash;
  }

  /** The slot of these columns, or a free one. */
  #slotOf(text: string, hash: number): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = this.#slots[slot] as number;
      if (found === 0) return slot;
      if (found !== TAKEN && this.#hashes[slot] === hash && valueText(this.#at(found - 1)) === text) return slot;
    }
  }
}

/** FNV-1a, whose low bits are mixed once more. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}
