/**
 * The points of a range. They are what exact decimal arithmetic gives, rounded once to the nearest double: the ends are
 * hit exactly, nothing accumulates, and 0.1, 0.2, 0.3 are these and not 0.30000000000000004.
 */

/** The terms (start + i × stride) ÷ divisor of whole numbers. */
export interface Progression {
  readonly size: bigint;
  /** Whether all terms are whole numbers. */
  readonly isWhole: boolean;
  at(index: number): number;
}

/** From `from` to the last that does not pass `to`, by `step`, which must not be 0 and leads from one to the other. */
export function stepped(from: number, to: number, step: number): Progression & { readonly last: number } {
  const [[start, end, stride], divisor] = whole([from, to, step]);
  const size = (end - start) / stride + 1n;
  const last = ratio(start + (size - 1n) * stride, divisor);
  return { ...progression(start, stride, divisor, size), last };
}

/** @param steps points, both ends included; at least 2 unless the ends are equal */
export function linear(from: number, to: number, steps: number): Progression {
  const size = BigInt(steps);
  if (steps === 1) return { size, isWhole: Number.isInteger(from), at: () => from };
  const [[start, end], divisor] = whole([from, to]);
  const gaps = size - 1n;
  return progression(start * gaps, end - start, divisor * gaps, size);
}

/**
 * Points in between are rounded to 12 digits: decades are 10, 100, 1000, and no platform's last bit shows.
 * @param from and `to`: of the same sign, not 0
 */
export function logarithmic(from: number, to: number, steps: number): Progression {
  const sign = Math.sign(from);
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  const [first, last] = [Math.log(Math.abs(from)), Math.log(Math.abs(to))];
  return {
    size: BigInt(steps),
    // 1, 10, 100 are, but only a look at each point would tell.
    isWhole: false,
    at: (i) => {
      if (i === 0) return from;
      if (i === steps - 1) return to;
      const point = sign * Math.exp(first + ((last - first) * i) / (steps - 1));
      return Math.min(high, Math.max(low, Number(point.toPrecision(12))));
    },
  };
}

function progression(start: bigint, stride: bigint, divisor: bigint, size: bigint): Progression {
  const isWhole = start % divisor === 0n && (size === 1n || stride % divisor === 0n);
  const all = [start, start + (size - 1n) * stride, stride * (size - 1n), divisor];
  if (all.every((each) => each <= Number.MAX_SAFE_INTEGER && each >= Number.MIN_SAFE_INTEGER)) {
    // Nothing here is rounded but the quotient.
    const [a, b, c] = [Number(start), Number(stride), Number(divisor)];
    return { size, isWhole, at: (i) => (a + i * b) / c };
  }
  return { size, isWhole, at: (i) => ratio(start + BigInt(i) * stride, divisor) };
}

/** The shortest decimals that name the numbers, as whole numbers over one power of ten. */
function whole<T extends number[]>(numbers: readonly [...T]): [{ [K in keyof T]: bigint }, bigint] {
  const parts = numbers.map((number) => {
    const [digits = '', exponent = '0'] = number.toExponential().split('e');
    const [integer = '', fraction = ''] = digits.split('.');
    return { digits: BigInt(integer + fraction), exponent: Number(exponent) - fraction.length };
  });
  const scale = Math.max(0, ...parts.map(({ exponent }) => -exponent));
  const scaled = parts.map(({ digits, exponent }) => digits * 10n ** BigInt(exponent + scale));
  return [scaled as { [K in keyof T]: bigint }, 10n ** BigInt(scale)];
}

/** Thirty digits and more decide which double is the nearest. */
function ratio(numerator: bigint, divisor: bigint): number {
  const shift = Math.max(0, 40 + divisor.toString().length - numerator.toString().length);
  return Number(`${(numerator * 10n ** BigInt(shift)) / divisor}e-${shift}`) + 0;
}
