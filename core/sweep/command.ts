/** A command with placeholders: `{column}`, `{index}`, `{source}`, `{json}`; `{{` and `}}` are braces. Never through a shell. */
import { ConfigError } from '../runtime/errors.js';
import type { Columns, Scalar } from '../model/value.js';
import { Fault, show, type Path } from './fault.js';

/** Text, or the name of a placeholder. */
type Part = { readonly text: string } | { readonly name: string };

/** @throws Fault at a brace that belongs to no placeholder */
function partsOf(argument: string, path: Path): Part[] {
  const parts: Part[] = [];
  const pattern = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
  for (const [text, name] of argument.matchAll(pattern)) {
    if (name !== undefined) parts.push({ name });
    else if (text === '{' || text === '}')
      throw new Fault(path, `has a single "${text}" in ${show(argument)}: write ${text}${text} for the brace itself`);
    else parts.push({ text: text === '{{' ? '{' : text === '}}' ? '}' : text });
  }
  return parts;
}

/** Names of all placeholders. @throws Fault at a brace that belongs to none */
export function placeholdersOf(command: readonly string[], path: Path): Set<string> {
  const names = command.flatMap((argument, i) =>
    partsOf(argument, [...path, i]).flatMap((part) => ('name' in part ? [part.name] : [])),
  );
  return new Set(names);
}

/** @throws Fault naming the placeholder that stands for nothing, and those that are known */
export function checkPlaceholders(command: readonly string[], known: readonly string[], path: Path): void {
  for (const [i, argument] of command.entries())
    for (const part of partsOf(argument, [...path, i]))
      if ('name' in part && !known.includes(part.name))
        throw new Fault(
          [...path, i],
          `has the placeholder {${part.name}} in ${show(argument)}, which nothing fills: ` +
            `known are ${known.map((name) => `{${name}}`).join(', ')}; for braces themselves write {{ and }}`,
        );
}

/** What fills the placeholders for one parameter. */
export interface Given {
  readonly index: number;
  /** Empty for a plain range. */
  readonly columns: Columns;
  /** Where the source lies as a file. */
  readonly source: string | undefined;
}

/**
 * Program and arguments for one parameter. A number is spelled as in JSON, null is an empty text; `{json}` is the
 * object of columns, or the index where there are none.
 * @throws ConfigError where a placeholder has nothing to stand for, which the check of the document rules out
 */
export function expandCommand(command: readonly string[], given: Given): string[] {
  return command.map((argument) =>
    argument.includes('{') || argument.includes('}')
      ? partsOf(argument, ['command'])
          .map((part) => ('text' in part ? part.text : fill(part.name, given)))
          .join('')
      : argument,
  );
}

function fill(name: string, { index, columns, source }: Given): string {
  if (Object.hasOwn(columns, name)) return textOf(columns[name] as Scalar);
  if (name === 'index') return String(index);
  if (name === 'json') return parameterJson(index, columns);
  if (name === 'source' && source !== undefined) return source;
  throw new ConfigError(
    `the command's placeholder {${name}} stands for nothing: take it out, or give a column ${name}`,
  );
}

/** The parameter as JSON: its columns, or its index where it has none. */
export function parameterJson(index: number, columns: Columns): string {
  for (const _ in columns) return JSON.stringify(columns);
  return String(index);
}

function textOf(value: Scalar): string {
  return value === null ? '' : String(value);
}
