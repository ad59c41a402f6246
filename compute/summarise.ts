/** Values of one interval → summary, digest and, if asked for, the values themselves. */
import { Digest } from '../core/model/digest.js';
import type { Summary } from '../core/model/summary.js';
import { Totals } from '../core/model/totals.js';
import type { Value } from '../core/model/value.js';
import { valueText } from '../core/model/value-text.js';
import type { Kept } from '../core/wire/records.js';
import { ValuePacker } from '../core/wire/values-codec.js';

export class Summariser {
  readonly #digest = new Digest();
  readonly #totals: Totals;
  readonly #packer: ValuePacker | undefined;

  /** @param spread whether to find out how far plain numbers are spread, which takes some 3 ns each */
  constructor(keepValues: boolean, spread = true) {
    this.#totals = new Totals(spread);
    this.#packer = keepValues ? new ValuePacker() : undefined;
  }

  /**
   * @param given anything that a computation may have given
   * @throws UnfitValue naming the place within the value
   */
  add(parameter: number, given: unknown): void {
    if (typeof given !== 'number') return this.#addOther(parameter, given);
    // Records are JSON, which has no negative zero: it counts as zero, or no reader could check the digest.
    const value = given + 0;
    if (value - value === 0) this.#digest.add(parameter, value);
    else this.#digest.addText(parameter, String(value));
    this.#totals.numbers.add(value);
    this.#packer?.addNumber(value);
  }

  summary(): Summary {
    return this.#totals.summary();
  }

  digest(): string {
    return this.#digest.toString();
  }

  /** The values, if they are kept: as they are where they are few and plain numbers, else packed. */
  kept(): Kept {
    return this.#packer?.kept() ?? {};
  }

  #addOther(parameter: number, given: unknown): void {
    const text = valueText(given);
    this.#packer?.addText(text);
    this.#digest.addText(parameter, text);
    // What has a text is a value.
    this.#totals.addOther(given as Exclude<Value, number>);
  }
}
