/** Values of one interval → summary, digest and, if asked for, the values themselves. */
import { Digest } from '../core/model/digest.js';
import { ExactSum } from '../core/model/exact-sum.js';
import type { Summary } from '../core/wire/records.js';

export class Summariser {
  readonly #digest = new Digest();
  readonly #sum = new ExactSum();
  readonly #values: number[] | undefined;
  #count = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(keepValues: boolean) {
    this.#values = keepValues ? [] : undefined;
  }

  /**
   * @param given finite. Records are JSON, which has no negative zero: it counts as zero, or no reader could check the
   *   digest
   */
  add(parameter: number, given: number): void {
    const value = given + 0;
    this.#digest.add(parameter, value);
    this.#sum.add(value);
    this.#values?.push(value);
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  summary(): Summary {
    return { sum: this.#sum.toString(), count: this.#count, min: this.#min, max: this.#max };
  }

  digest(): string {
    return this.#digest.toString();
  }

  values(): readonly number[] | undefined {
    return this.#values;
  }
}
