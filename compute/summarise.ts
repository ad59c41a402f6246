/** Values of one interval → summary, digest and, if asked for, the values themselves. */
import { Digest } from '../core/model/digest.js';
import type { Summary } from '../core/wire/records.js';

export class Summariser {
  readonly #scale: number;
  readonly #exact: boolean;
  readonly #digest = new Digest();
  readonly #values: number[] | undefined;
  #sum = 0;
  #lost = 0;
  #count = 0;
  #min = Infinity;
  #max = -Infinity;

  /** @param decimals see Computation; undefined for a compensated sum */
  constructor(decimals: number | undefined, keepValues: boolean) {
    this.#exact = decimals !== undefined;
    this.#scale = 10 ** (decimals ?? 0);
    this.#values = keepValues ? [] : undefined;
  }

  add(parameter: number, value: number): void {
    this.#digest.add(parameter, value);
    this.#values?.push(value);
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (this.#exact) {
      this.#sum += Math.round(value * this.#scale);
      return;
    }
    // Neumaier's sum: what each addition rounds away is kept beside it.
    const next = this.#sum + value;
    this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum;
    this.#sum = next;
  }

  summary(): Summary {
    const sum = this.#exact ? this.#sum / this.#scale : this.#sum + this.#lost;
    return { sum, count: this.#count, min: this.#min, max: this.#max };
  }

  digest(): string {
    return this.#digest.toString();
  }

  values(): readonly number[] | undefined {
    return this.#values;
  }
}
