/** The aggregate of a certificate: what is exact, and does not depend on the order of the records. */
import * as z from 'zod/mini';
import type { Verdict } from '../ledger/verdict.js';
import { count, digest, text } from './fields.js';

const numbers = {
  sum: text('exact decimal'),
  min: z.nullable(z.number()),
  max: z.nullable(z.number()),
  // Left out where there are none, as in certificates from before values could be anything but finite numbers.
  nan: z.optional(count('numbers that are NaN: no part of the sum')),
  infinite: z.optional(count('numbers that are infinite: no part of the sum')),
};

export const aggregateSchema = z.object({
  digest: digest('run digest, see docs/delivery.md'),
  ...numbers,
  other: z.optional(count('values that are no numbers')),
  columns: z.optional(
    z
      .array(z.object({ column: z.string(), count: count('finite numbers'), ...numbers }))
      .check(z.describe('numeric columns of the values that are objects; none where there are too many')),
  ),
});

type Aggregate = z.output<typeof aggregateSchema>;

export function aggregateOf({ digest, other, columns, ...verdict }: Verdict): Aggregate {
  return {
    digest,
    ...numbersOf(verdict),
    ...(other > 0 && { other }),
    ...(columns.length > 0 && {
      columns: columns.map((column) => ({ column: column.column, count: column.count, ...numbersOf(column) })),
    }),
  };
}

type Numbers = Pick<Verdict, 'sum' | 'min' | 'max' | 'nan' | 'infinite'>;

function numbersOf({ sum, min, max, nan, infinite }: Numbers) {
  return { sum, min, max, ...(nan > 0 && { nan }), ...(infinite > 0 && { infinite }) };
}
