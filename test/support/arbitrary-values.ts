/** Values of every kind that a computation may give. */
import * as fc from 'fast-check';
import type { Value } from '../../core/model/value.js';

/** −0 counts as 0. */
export const arbitraryNumber: fc.Arbitrary<number> = fc
  .oneof(fc.double(), fc.integer(), fc.constantFrom(NaN, Infinity, -Infinity, 1e308, 2 ** 60, 0.1, 5e-324))
  .map((number) => number + 0);

const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'a', 'loss', '', '10', '9', 'NaN'));
const scalar: fc.Arbitrary<Value> = fc.oneof(
  arbitraryNumber,
  fc.string({ unit: 'binary' }),
  fc.constantFrom<Value>(true, false, null, 'NaN', '"Infinity"', '\\', '\\"NaN'),
);

function objectOf(fields: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  // Unlike assignment it makes a field of `__proto__` too.
  return fc.array(fc.tuple(name, fields), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs));
}

export const arbitraryValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    objectOf(tie('value')),
  ),
})).value;

/** Rows of a table, as most computations give them. */
export const arbitraryRow: fc.Arbitrary<Value> = objectOf(fc.oneof(arbitraryNumber, scalar));
