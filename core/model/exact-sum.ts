/** Exact sums of decimals: the order in which chunks arrive must not change the last digit of a run's sum. */

/** Ten to the 15th: each decimal of so many digits is a double of its own. */
const LARGEST = 1e15;

export class ExactSum {
  #units = 0n;
  #decimals = 0;
  #scale = 1;
  /** Units not yet in #units: a safe integer, since numbers add ten times as fast as bigints. */
  #recent = 0;

  /** Adds the shortest decimal that names `value`: exactly the value where the values are decimals. */
  add(value: number): void {
    const units = Math.round(value * this.#scale);
    // A decimal of 15 digits or fewer that reads as `value` is the only one: it is the shortest.
    if (Math.abs(units) < LARGEST && units / this.#scale === value && this.#scale <= LARGEST) {
      this.#recent += units;
      if (Math.abs(this.#recent) > LARGEST) this.#settle();
      return;
    }
    this.#addText(String(value));
  }

  /** Adds a decimal without exponent, as `toString` writes it. */
  addDecimal(text: string): void {
    // So few digits that the number which they name has no shorter name.
    if (text.length <= 15) this.add(Number(text));
    else this.#addText(text);
  }

  subtractDecimal(text: string): void {
    this.addDecimal(text.startsWith('-') ? text.slice(1) : `-${text}`);
  }

  #addText(text: string): void {
    this.#settle();
    const [mantissa = '0', exponent = '0'] = text.split('e');
    const [whole = '0', fraction = ''] = mantissa.split('.');
    const decimals = Math.max(0, fraction.length - Number(exponent));
    let units = BigInt(whole + fraction) * 10n ** BigInt(decimals - fraction.length + Number(exponent));
    if (decimals > this.#decimals) {
      this.#units *= 10n ** BigInt(decimals - this.#decimals);
      this.#decimals = decimals;
      this.#scale = 10 ** decimals;
    } else {
      units *= 10n ** BigInt(this.#decimals - decimals);
    }
    this.#units += units;
  }

  /** Whether the sum is exactly `units` × 10^−decimals. */
  equals(units: bigint, decimals: number): boolean {
    this.#settle();
    return this.#units * 10n ** BigInt(decimals) === units * 10n ** BigInt(this.#decimals);
  }

  /** As a decimal without trailing zeros: `421950.5`. */
  toString(): string {
    this.#settle();
    const negative = this.#units < 0n;
    const digits = String(negative ? -this.#units : this.#units).padStart(this.#decimals + 1, '0');
    const at = digits.length - this.#decimals;
    const fraction = digits.slice(at).replace(/0+$/, '');
    return `${negative ? '-' : ''}${digits.slice(0, at)}${fraction ? `.${fraction}` : ''}`;
  }

  #settle(): void {
    this.#units += BigInt(this.#recent);
    this.#recent = 0;
  }
}

/** The shortest decimal that names a finite number, without exponent: `0.0000001`. */
export function decimalText(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const sum = new ExactSum();
  sum.add(value);
  return sum.toString();
}
