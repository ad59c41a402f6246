/** Bytes in, answers out: however the bytes are cut, no answer is lost, shifted or made up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../compute/program/answer.js';
import { AnswerParser } from '../../../compute/program/answers.js';
import { parseJson } from '../../../compute/program/json.js';
import { printedValue } from '../../../compute/program/printed.js';
import { valueText } from '../../../core/model/value-text.js';
import type { Value } from '../../../core/model/value.js';

function parse(pieces: readonly Buffer[]): { answers: Answer[]; printed: string[] } {
  const answers: Answer[] = [];
  const printed: string[] = [];
  const parser = new AnswerParser({
    get awaited() {
      return answers.length;
    },
    inBatches: false,
    answered: (answer) => void answers.push(answer),
    printed: (text) => void printed.push(text),
  });
  for (const piece of pieces) parser.add(piece);
  return { answers, printed };
}

/** The bytes in pieces of these sizes. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)));
  return [...pieces, bytes.subarray(at)];
}

const values: fc.Arbitrary<Value> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Value>,
);
/** Anything but a newline, and no answer. */
const noise = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\n\r{]/g, ' '));
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
const style = fc.constantFrom(
  (i: number, text: string) => `{"index": ${i}, "value": ${text}}\n`,
  (i: number, text: string) => `{"index":${i},"value":${text}}\n`,
  (i: number, text: string) => `{"value":${text},"index":${i}}\r\n`,
);

describe('answers', () => {
  it('come out as they went in, whatever is printed before them and wherever the bytes are cut', () => {
    const lines = fc.array(fc.record({ value: values, style, before: noise, between: noise }), { maxLength: 8 });
    fc.assert(
      fc.property(lines, sizes, (all, cuts) => {
        const text = all
          .map(({ value, style, before, between }, i) => `${between}\n${before}${style(i, valueText(value))}`)
          .join('');
        const { answers } = parse(cut(Buffer.from(text), cuts));
        expect(answers.map(({ index }) => index)).toEqual(all.map((_, i) => i));
        expect(answers.map((answer) => ('value' in answer ? valueText(answer.value) : answer))).toEqual(
          all.map(({ value }) => valueText(value)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a line without an end', '{"index": 0, "value": 1}'],
    ['an object without an index', '{"value": 1}\n'],
    ['an object without a value', '{"index": 0}\n'],
    ['an index that is text', '{"index": "0", "value": 1}\n'],
    ['an answer with something behind it', '{"index": 0, "value": 1} done\n'],
    ['half an answer', '{"index": 0, "value": [1, 2\n'],
    ['a number that JSON does not have', '{"index": 0, "value": 0x10}\n'],
    ['a number with a leading zero', '{"index": 0, "value": 01}\n'],
    ['no number', '{"index": 0, "value": 1-2}\n'],
    ['many braces', `${'{"index": '.repeat(10_000)}\n`],
  ])('are not made of %s', (_, text) => {
    expect(parse([Buffer.from(text)]).answers).toEqual([]);
  });

  it('keep what is printed besides, line by line', () => {
    const text = 'loading\n{"index": 0, "value": 1}\nstep 1 {"index": 1, "value": 2}\n\ndone\n';
    expect(parse([Buffer.from(text)])).toEqual({
      answers: [
        { index: 0, value: 1 },
        { index: 1, value: 2 },
      ],
      printed: ['loading', 'done'],
    });
  });
});

describe('JSON of programs', () => {
  it('is that of everybody else, where that is JSON', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(valueText(parseJson(valueText(value)))).toBe(valueText(value));
        if (value !== '' && value !== null)
          expect(valueText(printedValue(Buffer.from(`${valueText(value)}\n`)))).toBe(valueText(value));
      }),
    );
  });

  it('may hold long digits in its texts', () => {
    expect(parseJson('{"id": "9007199254740993", "9007199254740993": 0.12345678901234567}')).toEqual({
      'id': '9007199254740993',
      '9007199254740993': 0.12345678901234567,
    });
  });
});
