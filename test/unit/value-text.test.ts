import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../core/model/canonical.js';
import { parseValueText } from '../../core/model/value-parse.js';
import { MAX_VALUE_BYTES, MAX_VALUE_DEPTH, UnfitValue, valueText } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import { arbitraryValue } from '../support/arbitrary-values.js';

function nested(depth: number): Value {
  let value: Value = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe('the text of a value', () => {
  it('is the same text once it was read, whatever the value', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        const text = valueText(value);
        const read = parseValueText(text);
        expect(valueText(read)).toBe(text);
        expect(read).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('is the canonical JSON of RFC 8785 where JSON can say the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(valueText(value)).toBe(canonicalJson(value));
      }),
    );
  });

  it('does not depend on the order in which columns were set', () => {
    expect(valueText({ b: 1, a: { d: 2, c: 3 }, 10: 4, 9: 5 })).toBe('{"10":4,"9":5,"a":{"c":3,"d":2},"b":1}');
  });

  it('has words for numbers that JSON does not have, and no negative zero', () => {
    expect(valueText([NaN, Infinity, -Infinity, -0, 1e308, 2 ** 60, 'NaN'])).toBe(
      '[NaN,Infinity,-Infinity,0,1e+308,1152921504606847000,"NaN"]',
    );
  });

  it('takes objects of no class, and a column named __proto__', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(valueText(bare)).toBe('{"a":1}');
    expect(valueText(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}');
    expect(parseValueText('{"__proto__":NaN}')).toEqual(Object.fromEntries([['__proto__', NaN]]));
    expect(valueText({})).toBe('{}');
  });

  it.each<[what: string, value: unknown, message: RegExp]>([
    ['undefined', undefined, /^value is undefined: a value is a number, text/],
    ['a column without a value', { loss: [1, 2, 3, undefined] }, /^value\.loss\[3\] is undefined/],
    ['a list with a hole', { 'a b': Array(2) }, /^value\["a b"\]\[0\] is undefined/],
    ['a function', { f: () => 1 }, /^value\.f is a function/],
    ['a bigint', [2n ** 60n], /^value\[0\] is a bigint.*Number\(…\) or String\(…\)/],
    ['a date', { at: new Date() }, /^value\.at is a Date/],
    ['a typed array', { w: new Float64Array(2) }, /^value\.w is a Float64Array \(use Array\.from\(…\)\)/],
    ['a map', new Map(), /^value is a Map/],
    ['half of a character', { t: 'a😀\ud800' }, /^value\.t holds half of a character at position 3 .*toWellFormed/],
    ['half of a character in a name', { '\udc00': 1 }, /^value\["\\udc00"\] holds half of a character at position 0/],
    ['what is nested too deep', nested(MAX_VALUE_DEPTH + 1), /nested deeper than 100/],
    ['what is too long', { t: 'x'.repeat(MAX_VALUE_BYTES) }, /^value(\.t)? takes more than 1048576 bytes/],
    ['what is too long as UTF-8 only', 'é'.repeat(MAX_VALUE_BYTES / 2), /^value takes more than 1048576 bytes/],
    ['a list that is too long', { l: Array(600_000).fill(1) }, /^value\.l takes more than 1048576 bytes/],
  ])('is refused for %s, with the place', (_, value, message) => {
    expect(() => valueText(value)).toThrow(UnfitValue);
    expect(() => valueText(value)).toThrow(message);
  });

  it('is refused for an object that holds itself', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(() => valueText(value)).toThrow(/nested deeper/);
  });

  it('is taken up to the limits', () => {
    expect(valueText('x'.repeat(MAX_VALUE_BYTES - 2))).toHaveLength(MAX_VALUE_BYTES);
    expect(valueText('é'.repeat(50_000))).toHaveLength(50_002);
    const deep = valueText(nested(MAX_VALUE_DEPTH));
    expect(valueText(parseValueText(deep))).toBe(deep);
  });
});

describe('reading the text of a value', () => {
  it('reads what other programs write: white space, escapes, negative zero', () => {
    expect(parseValueText(' { "a" : [ NaN , -0.0, 1E2 ] ,\n"b":"\\u004eaN \\\\" }\t')).toEqual({
      a: [NaN, -0, 100],
      b: 'NaN \\',
    });
    expect(parseValueText('[-Infinity,true,null,{}, [], "Infinity\\""]')).toEqual([
      -Infinity,
      true,
      null,
      {},
      [],
      'Infinity"',
    ]);
  });

  it.each([
    '',
    'NaN,',
    '[NaN',
    '[NaN,]',
    '{"a":NaN,}',
    '{NaN:1}',
    '[NaN 1]',
    'nan',
    '-NaN',
    '+Infinity',
    '["NaN]',
    '[01,NaN]',
    '[NaN,\u00a01]',
    `${'['.repeat(2000)}NaN`,
  ])('refuses %j', (text) => {
    expect(() => parseValueText(text)).toThrow(SyntaxError);
  });

  it('agrees with JSON.parse on whatever text that says NaN nowhere but in quotes', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"NaN"',
      '1',
      '-0',
      '1e5',
      '01',
      '1.',
      'true',
      'nul',
      ' ',
      '"\\',
      '"',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (tokens) => {
        const text = `["NaN",${tokens.join('')}]`;
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => parseValueText(text)).toThrow(SyntaxError);
          return;
        }
        expect(parseValueText(text)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});
