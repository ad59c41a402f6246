/**
 * Exact sums of decimals: neither the order in which values arrive nor how they are cut into chunks changes a digit.
 *
 * A value counts as the shortest decimal that names it, which is what people see when they print it: ten times 0.1 is 1,
 * although the double nearest to 0.1 is a little more.
 *
 * Values of few digits are added as whole numbers of a common last place. All others go, digit by digit, into limbs of
 * nine decimal digits. Processor time a value, digest included: 17 to 33 ns where it has few decimals, 170 to 310 ns
 * where it has 17 digits, of which printing it takes 80. With bigints in place of limbs the latter took 570 to 1,050 ns.
 */

/** Ten to the 15th: each decimal of so many digits is a double of its own. */
const LARGEST = 1e15;
/** Decimals beyond these are left to the limbs: a finer common place would leave no room for large values. */
const MOST_DECIMALS = 9;
/** Text of at most 15 digits and a point. */
const SHORT = 16;

/** Decimal digits a limb. */
const DIGITS = 9;
const BASE = 1e9;
const POWERS = Array.from({ length: DIGITS + 1 }, (_, n) => 10 ** n);
/** After so many additions to a limb its sum is still a safe integer. */
const MOST_ADDITIONS = 1 << 22;

const ZERO = 48;
const POINT = 46;
const MINUS = 45;

export class ExactSum {
  /** A sum of whole numbers of the last place of #decimals, a safe integer, that is not in the limbs yet. */
  #recent = 0;
  #decimals = 0;
  #scale = 1;
  /** Limb n stands for its number × 10^9n. Until they are carried limbs may be negative, and larger than BASE. */
  #whole: number[] = [];
  /** Limb n stands for its number × 10^(−9(n + 1)). */
  #fraction: number[] = [];
  #additions = 0;

  /** @param value finite */
  add(value: number): void {
    if (this.#addUnits(value)) return;
    const text = String(value);
    const decimals = text.length - text.indexOf('.') - 1;
    // A short decimal makes the common last place finer: those that follow are mostly like it.
    if (text.length <= SHORT && decimals <= MOST_DECIMALS && decimals > this.#decimals && text.includes('.')) {
      this.#settle();
      this.#decimals = decimals;
      this.#scale = POWERS[decimals] as number;
      if (this.#addUnits(value)) return;
    }
    this.#addText(text, 0, 1);
  }

  /** Adds a decimal without exponent, as `toString` writes it. */
  addDecimal(text: string): void {
    // So few digits that the number which they name has no shorter name.
    if (text.length < SHORT) this.add(Number(text));
    else this.#addText(text, 0, 1);
  }

  subtractDecimal(text: string): void {
    if (text.length < SHORT) this.add(-Number(text));
    else this.#addText(text, 0, -1);
  }

  /** Whether the sum is exactly `units` × 10^−decimals. */
  equals(units: bigint, decimals: number): boolean {
    const other = new ExactSum();
    other.#addText(String(units), -decimals, 1);
    return other.toString() === this.toString();
  }

  /** As a decimal without exponent and trailing zeros: `421950.5`. */
  toString(): string {
    if (this.#additions > 0) {
      this.#settle();
      const sign = this.#carry();
      const limbs = (from: readonly number[]): string => from.map((limb) => digits(sign * limb, DIGITS)).join('');
      return decimalOf(sign, limbs([...this.#whole].reverse()), limbs(this.#fraction));
    }
    const sign = this.#recent < 0 ? -1 : 1;
    const text = digits(sign * this.#recent, this.#decimals + 1);
    const point = text.length - this.#decimals;
    return decimalOf(sign, text.slice(0, point), text.slice(point));
  }

  /** @returns false where the value is no decimal of few digits that ends at the common last place */
  #addUnits(value: number): boolean {
    const units = Math.round(value * this.#scale);
    // A decimal of 15 digits or fewer that reads as `value` is the only one: it is the shortest.
    if (!(Math.abs(units) < LARGEST && units / this.#scale === value)) return false;
    this.#recent += units;
    if (Math.abs(this.#recent) > LARGEST) this.#settle();
    return true;
  }

  #settle(): void {
    if (this.#recent !== 0) this.#addText(String(this.#recent), -this.#decimals, 1);
    this.#recent = 0;
  }

  /** Adds `text` × 10^`shift` × `factor`. @param text a number as Node writes it */
  #addText(text: string, shift: number, factor: 1 | -1): void {
    const e = text.indexOf('e');
    const end = e < 0 ? text.length : e;
    const point = text.indexOf('.');
    const negative = text.charCodeAt(0) === MINUS;
    const sign = negative ? -factor : factor;
    const first = negative ? 1 : 0;
    // The power of ten that the next digit stands for: limb × DIGITS + place.
    const power = (point < 0 ? end : point) - first - 1 + shift + (e < 0 ? 0 : Number(text.slice(e + 1)));
    let limb = Math.floor(power / DIGITS);
    let place = power - limb * DIGITS;
    let sum = 0;
    for (let at = first; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === POINT) continue;
      sum = sum * 10 + code - ZERO;
      if (--place >= 0) continue;
      if (sum !== 0) this.#addLimb(limb, sign * sum);
      sum = 0;
      place = DIGITS - 1;
      limb--;
    }
    if (sum !== 0) this.#addLimb(limb, sign * sum * (POWERS[place + 1] as number));
    if (++this.#additions >= MOST_ADDITIONS) this.#carry();
  }

  #addLimb(limb: number, sum: number): void {
    const limbs = limb < 0 ? this.#fraction : this.#whole;
    const index = limb < 0 ? -1 - limb : limb;
    while (limbs.length <= index) limbs.push(0);
    (limbs[index] as number) += sum;
  }

  /** Makes each limb the nine digits that it stands for, all with the sign of the sum. @returns that sign */
  #carry(): 1 | -1 {
    const whole = this.#whole;
    const fraction = this.#fraction;
    this.#additions = 1;
    let over = 0;
    for (let n = fraction.length - 1; n >= 0; n--) over = carry(fraction, n, over);
    for (let n = 0; n < whole.length || (over !== 0 && over !== -1); n++) {
      if (n === whole.length) whole.push(0);
      over = carry(whole, n, over);
    }
    if (over === 0) return 1;
    // All limbs are positive now beside −1 × 10^9n, n their number: the sum is what they lack of it.
    let borrow = 0;
    const negate = (limbs: number[], n: number): void => {
      const lacks = (limbs[n] as number) + borrow;
      borrow = lacks > 0 ? 1 : 0;
      limbs[n] = lacks > 0 ? lacks - BASE : 0;
    };
    for (let n = fraction.length - 1; n >= 0; n--) negate(fraction, n);
    for (let n = 0; n < whole.length; n++) negate(whole, n);
    if (borrow === 0) this.#addLimb(whole.length, -1);
    return -1;
  }
}

/** Leaves the limb with nine digits, from 0. @returns what goes to the next one */
function carry(limbs: number[], n: number, over: number): number {
  const sum = (limbs[n] as number) + over;
  const rest = Math.floor(sum / BASE);
  limbs[n] = sum - rest * BASE;
  return rest;
}

/** @param n a whole number from 0 */
function digits(n: number, least: number): string {
  return String(n).padStart(least, '0');
}

/** @param whole digits, perhaps with leading zeros @param fraction digits, perhaps with trailing ones */
function decimalOf(sign: 1 | -1, whole: string, fraction: string): string {
  let from = 0;
  while (from < whole.length - 1 && whole.charCodeAt(from) === ZERO) from++;
  let to = fraction.length;
  while (to > 0 && fraction.charCodeAt(to - 1) === ZERO) to--;
  const text = `${whole.slice(from) || '0'}${to > 0 ? `.${fraction.slice(0, to)}` : ''}`;
  return sign < 0 ? `-${text}` : text;
}

/** The shortest decimal that names a finite number, without exponent: `0.0000001`. */
export function decimalText(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const sum = new ExactSum();
  sum.add(value);
  return sum.toString();
}
