/** The built-in computation: a function of the index alone, whose sum is known without computing it. */
import type { Summary } from '../core/wire/records.js';

/** Values repeat with this period: the least common multiple of 1000 and 100. */
const PERIOD = 1000;

/** (7i + 13) mod 1000, plus the decimal fraction written `0.` followed by i mod 100: 5 and 50 both add 0.5. */
export const builtin = {
  compute: (parameter: number): number => hundredths(parameter) / 100,
};

function hundredths(parameter: number): number {
  const fraction = parameter % 100;
  return ((7 * (parameter % PERIOD) + 13) % 1000) * 100 + (fraction < 10 ? fraction * 10 : fraction);
}

/**
 * What a complete run of parameters 0 … total − 1 must add up to, without computing it parameter by parameter.
 * `sum` is the exact value in hundredths.
 */
export function expectedTotal(total: number): { sumHundredths: bigint } & Pick<Summary, 'count' | 'min' | 'max'> {
  let whole = 0n;
  let rest = 0n;
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < Math.min(PERIOD, total); i++) {
    const value = hundredths(i);
    whole += BigInt(value);
    if (i < total % PERIOD) rest += BigInt(value);
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return {
    sumHundredths: whole * BigInt(Math.floor(total / PERIOD)) + rest,
    count: total,
    min: min / 100,
    max: max / 100,
  };
}
