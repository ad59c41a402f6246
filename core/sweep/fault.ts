/** What is wrong in a sweep document, and where: thrown by its parts, told by `sweepOf` with the document's place. */
import { isObject } from '../model/value.js';
import { ConfigError } from '../runtime/errors.js';

export type Path = readonly (string | number)[];

/** A part of a sweep document is wrong. The words continue the path: `parameters.grid.alpha.step` + ` is 0: …`. */
export class Fault extends Error {
  readonly path: Path;
  readonly words: string;

  constructor(path: Path, words: string) {
    super(`${pathText(path)} ${words}`);
    this.path = path;
    this.words = words;
  }
}

/** The document cannot be used. Decision: as for every ConfigError; who has the file's text can name the line, too. */
export class SweepError extends ConfigError {
  readonly path: Path;
  /** The message without the document's place. */
  readonly words: string;

  constructor(place: string, { path, message }: Fault) {
    super(`${place}: ${message}`);
    this.path = path;
    this.words = message;
  }
}

export function pathText(path: Path): string {
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${part}]` : /^[\w-]+$/.test(part) ? (i > 0 ? `.${part}` : part) : `[${show(part)}]`,
    )
    .join('');
}

/** A value as a message shows it: JSON, cut where it is long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

/** Left out, or as empty as the chart's defaults are: `{}`, `[]`, `""`, null. */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function objectOf(value: unknown, path: Path, what: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw new Fault(path, `is ${show(value)}: give ${what}`);
}

/** @throws Fault naming the first key that nobody knows, and those that are known */
export function onlyKeys(object: object, known: readonly string[], path: Path): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Fault([...path, unknown], `is no setting here: the known ones are ${known.join(', ')}`);
}

/** A whole number that a double holds without its neighbours. */
export function wholeOf(value: unknown, path: Path, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value + 0;
  throw new Fault(path, `is ${show(value)}: give a whole number from ${least} to ${most}`);
}

export function numberOf(value: unknown, path: Path): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    const quoted = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
    throw new Fault(path, `is ${number(value)}: give a finite number${quoted ? ', without quotes' : ''}`);
  }
  if (isBlurred(value))
    throw new Fault(
      path,
      `is about ${value}, a whole number beyond 2^53, of which a number keeps only the first 15 or 16 digits: ` +
        'write it in quotes, as a text, or with fewer digits',
    );
  return value + 0;
}

const number = (value: unknown): string => (typeof value === 'number' ? String(value) : show(value));

/** A whole number with more digits than a double keeps: what was written may have been another. */
export function isBlurred(value: number): boolean {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return false;
  const [digits = ''] = value.toExponential().replace(/[-.]/g, '').split('e');
  return digits.length > 15;
}
