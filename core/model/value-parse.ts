/** Text → values: JSON that may also say NaN, Infinity and -Infinity, as `valueText` and Python's json module write it. */
import { MAX_VALUE_DEPTH } from './value-text.js';
import type { Value } from './value.js';

/** A list of values in an answer is two levels more. */
const MAX_DEPTH = MAX_VALUE_DEPTH + 2;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN/y;
const WORD = /true|false|null/y;
const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null };

/**
 * @throws SyntaxError where it is none
 */
export function parseValueText(text: string): Value {
  // Node's own parser is some ten times as fast. Text may hold these words too: then it only takes longer.
  if (!text.includes('NaN') && !text.includes('Infinity')) return JSON.parse(text) as Value;
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Value {
    const value = this.#value(0);
    if (this.#peek() !== '') throw this.#unexpected();
    return value;
  }

  #value(depth: number): Value {
    if (depth > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH} at position ${this.#at}`);
    const next = this.#peek();
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#list(depth);
    if (next === '"') return this.#string();
    const word = this.#match(WORD);
    if (word !== '') return WORDS[word] as Value;
    const number = this.#match(NUMBER);
    if (number === '') throw this.#unexpected();
    return Number(number);
  }

  #list(depth: number): Value[] {
    const list: Value[] = [];
    this.#at++;
    if (this.#take(']')) return list;
    do list.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected();
    return list;
  }

  #object(depth: number): Value {
    const fields: [string, Value][] = [];
    this.#at++;
    if (!this.#take('}')) {
      do {
        if (this.#peek() !== '"') throw this.#unexpected();
        const name = this.#string();
        if (!this.#take(':')) throw this.#unexpected();
        fields.push([name, this.#value(depth + 1)]);
      } while (this.#take(','));
      if (!this.#take('}')) throw this.#unexpected();
    }
    // Unlike assignment it makes a field of `__proto__` too.
    return Object.fromEntries(fields);
  }

  #string(): string {
    let end = this.#at;
    do {
      end = this.#text.indexOf('"', end + 1);
      if (end < 0) throw new SyntaxError(`text without an end at position ${this.#at}`);
    } while (this.#isEscaped(end));
    const quoted = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    return JSON.parse(quoted) as string;
  }

  /** After an odd number of backslashes. */
  #isEscaped(at: number): boolean {
    let first = at;
    while (this.#text.charAt(first - 1) === '\\') first--;
    return (at - first) % 2 === 1;
  }

  /** The next character that is no white space; '' at the end. */
  #peek(): string {
    this.#match(SPACE);
    return this.#text.charAt(this.#at);
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #unexpected(): SyntaxError {
    const next = this.#text.charAt(this.#at);
    return new SyntaxError(
      next === '' ? 'the text ends too early' : `unexpected ${JSON.stringify(next)} at position ${this.#at}`,
    );
  }
}
