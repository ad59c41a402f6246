/** Summaries as they travel: the least and the greatest of no numbers are null. */
import * as z from 'zod/mini';
import { decimalText } from '../model/exact-sum.js';
import { finiteCount, type ColumnSummary, type NumberSummary, type Summary } from '../model/summary.js';
import { ProtocolError } from '../runtime/errors.js';
import type { Wire } from './records.js';
import { exactDecimal, natural } from './schema.js';

const numbersWire = {
  sum: exactDecimal,
  count: natural,
  min: z.nullable(z.number()),
  max: z.nullable(z.number()),
  m2: z.optional(z.number().check(z.gte(0))),
  nan: z.optional(natural),
  infinite: z.optional(natural),
};

export const summaryWire = z.object({
  ...numbersWire,
  other: z.optional(natural),
  columns: z.optional(z.array(z.object({ column: z.string(), ...numbersWire }))),
  wide: z.optional(z.literal(true)),
});

export function encodeSummary(summary: Summary): Wire {
  const wire = encodeNumbers(summary, summary.count);
  if (summary.other) wire['other'] = summary.other;
  if (summary.columns)
    wire['columns'] = summary.columns.map((column) => ({
      column: column.column,
      ...encodeNumbers(column, column.count),
    }));
  if (summary.wide) wire['wide'] = true;
  return wire;
}

/** The sum as a number, where that number names it exactly; else its digits as text. */
function encodeNumbers({ sum, min, max, m2, nan, infinite }: NumberSummary, count: number): Wire {
  const number = Number(sum);
  const wire: Wire = { sum: decimalText(number) === sum ? number : sum, count, min, max };
  // As JSON has it: whoever writes it, and whoever looks whether it can be read, has one and the same.
  if (min === Infinity && max === -Infinity) wire['min'] = wire['max'] = null;
  if (m2 !== undefined) wire['m2'] = m2;
  if (nan) wire['nan'] = nan;
  if (infinite) wire['infinite'] = infinite;
  return wire;
}

type Numbers = z.output<typeof summaryWire>;

/** @throws ProtocolError where its counts contradict each other */
export function decodeSummary({ columns, wide, other, ...wire }: Numbers): Summary {
  const counted = { ...decodeNumbers(wire), count: wire.count, ...(other ? { other } : {}) };
  checkEnds(finiteCount(counted), counted, 'values');
  if (wide) return { ...counted, wide };
  return columns ? { ...counted, columns: columns.map(decodeColumn) } : counted;
}

function decodeColumn({ column, ...wire }: NonNullable<Numbers['columns']>[number]): ColumnSummary {
  const decoded = { column, count: wire.count, ...decodeNumbers(wire) };
  checkEnds(decoded.count, decoded, `column ${column}`);
  return decoded;
}

function decodeNumbers({ sum, min, max, m2, nan, infinite }: Omit<Numbers, 'count'>): NumberSummary {
  return {
    sum,
    min: min ?? Infinity,
    max: max ?? -Infinity,
    ...(m2 === undefined ? {} : { m2 }),
    ...(nan ? { nan } : {}),
    ...(infinite ? { infinite } : {}),
  };
}

/** Finite numbers have a least and a greatest one, and nothing else has. */
function checkEnds(count: number, { min, max, sum }: NumberSummary, what: string): void {
  const fits = count > 0 ? Number.isFinite(min) && Number.isFinite(max) : min > max && sum === '0';
  if (count < 0 || !fits)
    throw new ProtocolError(
      `log record: summary of ${what}: ${count} finite numbers from ${min} to ${max}, sum ${sum}`,
    );
}
