/**
 * Conditions on the rows of a table: `alpha > 0.5 and (status = "ok" or loss is null)`. A column that is null, or NaN,
 * meets no comparison, and is found by `loss is null` and `loss is nan`.
 */
import { ConfigError } from '../../core/runtime/errors.js';
import type { Column } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';
import type { Scalar, Value } from '../../core/model/value.js';
import { tokensOf, type Token } from './tokens.js';

export type Condition = (row: Row) => boolean;

const NAMES_SHOWN = 30;

type Comparison = (order: number) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': (order) => order === 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** @throws ConfigError naming the place in the text, and what can stand there */
export function conditionOf(text: string, columns: readonly Column[]): Condition {
  const parser = new Parser(text, columns);
  const condition = parser.either();
  parser.end();
  return condition;
}

/** For messages: values may make thousands of columns. */
export function namesOf(columns: readonly Column[]): string {
  const names = columns.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const more = columns.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

class Parser {
  readonly #text: string;
  readonly #columns: readonly Column[];
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string, columns: readonly Column[]) {
    this.#text = text;
    this.#columns = columns;
    this.#tokens = tokensOf(text, (at, what) => this.#fault(at, what));
  }

  either(): Condition {
    let left = this.#both();
    while (this.#accept('or', '||')) {
      const [a, b] = [left, this.#both()];
      left = (row) => a(row) || b(row);
    }
    return left;
  }

  end(): void {
    const token = this.#tokens[this.#next];
    if (token) throw this.#fault(token.at, `${token.text} stands where "and", "or" or the end was expected`);
  }

  #both(): Condition {
    let left = this.#not();
    while (this.#accept('and', '&&')) {
      const [a, b] = [left, this.#not()];
      left = (row) => a(row) && b(row);
    }
    return left;
  }

  #not(): Condition {
    if (this.#accept('not', '!')) {
      const inner = this.#not();
      return (row) => !inner(row);
    }
    if (!this.#accept('(')) return this.#comparison();
    const inner = this.either();
    if (!this.#accept(')')) throw this.#expected('")"');
    return inner;
  }

  #comparison(): Condition {
    const { at, column } = this.#column();
    if (this.#accept('is')) {
      const isNot = this.#accept('not');
      if (this.#accept('nan')) return (row) => Number.isNaN(row[at]) !== isNot;
      if (!this.#accept('null')) throw this.#expected('"null" or "nan"');
      return (row) => (row[at] === null) !== isNot;
    }
    const sign = this.#tokens[this.#next];
    const comparison = sign?.kind === 'sign' ? COMPARISONS[sign.text] : undefined;
    // A column of flags stands for itself.
    if (!comparison && column.type === 'boolean') return (row) => row[at] === true;
    if (!comparison) throw this.#expected('a comparison (= != < <= > >=), "is null" or "is nan"');
    this.#next++;
    const wanted = this.#literal(column);
    return (row) => {
      const order = compare(row[at] ?? null, wanted);
      return order !== undefined && comparison(order);
    };
  }

  #column(): { at: number; column: Column } {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'name' && token?.kind !== 'quoted-name') throw this.#expected('a column');
    const at = this.#columns.findIndex(({ name }) => name === token.text);
    const column = this.#columns[at];
    if (!column) {
      throw this.#fault(token.at, `there is no column ${token.text}; there are ${namesOf(this.#columns)}`);
    }
    this.#next++;
    return { at, column };
  }

  #literal({ name, type }: Column): Scalar {
    const token = this.#tokens[this.#next];
    const value = token && literalOf(token);
    if (!token || value === undefined) throw this.#expected('a number, a text in quotes, true, false or null');
    const fits =
      value === null ||
      type === 'json' ||
      (typeof value === 'number' && (type === 'integer' || type === 'double')) ||
      (typeof value === 'string' && type === 'text') ||
      (typeof value === 'boolean' && type === 'boolean');
    if (!fits) throw this.#fault(token.at, `column ${name} is ${type}, and ${token.text} is not`);
    if (value === null) throw this.#fault(token.at, `nothing compares with null: write ${name} is null`);
    this.#next++;
    return value;
  }

  #accept(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#next];
    const isIt = token !== undefined && token.kind !== 'text' && texts.includes(token.text.toLowerCase());
    if (isIt) this.#next++;
    return isIt;
  }

  #expected(what: string): ConfigError {
    const token = this.#tokens[this.#next];
    return this.#fault(
      token?.at ?? this.#text.length,
      `${token ? token.text : 'the end'} stands where ${what} was expected`,
    );
  }

  #fault(at: number, what: string): ConfigError {
    return new ConfigError(`condition ${JSON.stringify(this.#text)}, character ${at + 1}: ${what}`);
  }
}

function literalOf(token: Token): Scalar | undefined {
  if (token.kind === 'text') return token.text;
  if (token.kind === 'number') return Number(token.text);
  const word = token.text.toLowerCase();
  if (token.kind !== 'name') return undefined;
  return word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : undefined;
}

/** Below zero, zero or above it; undefined where the two do not compare. */
function compare(value: Value, wanted: Scalar): number | undefined {
  if (typeof value !== typeof wanted || value === null || wanted === null) return undefined;
  if (typeof value === 'object') return undefined;
  if (Number.isNaN(value)) return undefined;
  return value < wanted ? -1 : value > wanted ? 1 : 0;
}
