/** A line that a program of the protocol `lines` printed → the answer in it, if there is one. */
import { parseValueText } from '../../core/model/value-parse.js';
import { MAX_VALUE_BYTES, UnfitValue } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import { bytesText } from './bytes.js';
import { parseJson } from './json.js';

/** What one line says: of which parameter, or of how many from it on, and their values or why there are none. */
export type Answer = { readonly index: number } & (
  { readonly value: Value } | { readonly values: readonly Value[] } | { readonly error: string }
);

/** Where an answer may begin within a line: what was printed before it may have had no newline. */
const BEGINNING = /\{\s*"(?:index|values?|error)"\s*:/g;
const MOST_BEGINNINGS = 50;

/**
 * An answer ends its line. What stands before it is not looked at.
 * @param inBatches the program was asked for lists of values
 */
export function answerIn(line: string, inBatches: boolean): Answer | undefined {
  let tried = 0;
  for (const { index: at } of line.matchAll(BEGINNING)) {
    if (++tried > MOST_BEGINNINGS) return undefined;
    const answer = asAnswer(line.slice(at), inBatches);
    if (answer) return line.length > MAX_VALUE_BYTES ? checkLength(answer) : answer;
  }
  return undefined;
}

/** How an answer has to look, for messages. */
export function answerForm(index: number | '…', inBatches: boolean): string {
  return inBatches ? `{"index": ${index}, "values": […]}` : `{"index": ${index}, "value": …}`;
}

/**
 * Whether a line is a value, which a program prints that was told too little of answers: JSON, or an object or list as
 * its language shows it (Python's `{'loss': 0.5}`).
 */
export function isValue(line: string): boolean {
  if (/^\s*(?:\{.*\}|\[.*\]|\(.*\))\s*$/.test(line)) return true;
  try {
    parseValueText(line);
    return true;
  } catch {
    return false;
  }
}

function asAnswer(text: string, inBatches: boolean): Answer | undefined {
  let parsed: Partial<Record<'index' | 'value' | 'values' | 'error', Value>>;
  try {
    parsed = parseJson(text) as typeof parsed;
  } catch (thrown) {
    return inexact(text, thrown);
  }
  const { index, value, values, error } = parsed;
  if (typeof index !== 'number') return undefined;
  if (error !== undefined && error !== null)
    return { index, error: typeof error === 'string' ? error : JSON.stringify(error) };
  if (!inBatches) return value === undefined ? undefined : { index, value };
  if (Array.isArray(values)) return { index, values };
  if (values === undefined && value === undefined) return undefined;
  const wrong = values === undefined ? 'a "value" where a list of "values" was asked for' : '"values" that are no list';
  return { index, error: `the program answered ${wrong}: the answer is ${answerForm(index, true)}` };
}

/** An answer with a number that would be changed is an answer, and wrong. */
function inexact(text: string, thrown: unknown): Answer | undefined {
  if (!(thrown instanceof UnfitValue)) return undefined;
  const { index } = parseValueText(text) as { index?: unknown };
  return typeof index === 'number' ? { index, error: thrown.message } : undefined;
}

/** Several values may take more together: each of them is measured when it is kept. */
function checkLength(answer: Answer): Answer {
  if ('values' in answer && answer.values.length > 1) return answer;
  const error = `the answer has more than ${bytesText(MAX_VALUE_BYTES)}, which a value may have at most`;
  return { index: answer.index, error };
}
