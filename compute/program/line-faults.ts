/** What goes wrong between a program of the protocol `lines` and us, in words that help its author. */
import { counted } from '../../core/runtime/words.js';
import { answerForm, isValue } from './answer.js';
import type { AnswerParser } from './answers.js';
import { bytesText } from './bytes.js';
import type { Group } from './group.js';
import type { Fault } from './work.js';

/** A program that printed a value, which is no answer, and then nothing for so long may wait for us as we do for it. */
const QUIET_MS = 1000;
const SHOWN = 200;

/** The last line that a program printed and that is no answer, since it last gave one. */
export class Stray {
  readonly #inBatches: boolean;
  #text: string | undefined;
  #at = 0;

  constructor(inBatches: boolean) {
    this.#inBatches = inBatches;
  }

  printed(text: string): void {
    this.#text = text;
    this.#at = performance.now();
  }

  forget(): void {
    this.#text = undefined;
  }

  /** It printed a value without its index, and nothing since. */
  get isQuiet(): boolean {
    return performance.now() - this.#at > QUIET_MS && this.#isValue;
  }

  /** Why an answer that was perhaps given did not arrive, for a program that was too late or ended without one. */
  explain(fault: Fault, { stopped }: Group, parser: AnswerParser): Fault {
    const isLate = stopped?.startsWith('took longer') ?? false;
    if (!isLate && (stopped !== undefined || !this.#isValue)) return fault;
    return { ...fault, message: `${fault.message}. ${this.#hint(parser)}` };
  }

  get #isValue(): boolean {
    return this.#text !== undefined && isValue(this.#text);
  }

  #hint(parser: AnswerParser): string {
    const form = answerForm('…', this.#inBatches);
    if (parser.unfinished > 0)
      return `It printed ${bytesText(parser.unfinished)} without a newline at the end: ${parser.beginning()}`;
    if (this.#isValue)
      return `It printed ${this.#shown}, which is no answer: that is ${form}, with the index of the line that it read`;
    const last = this.#text === undefined ? '' : `. The last that it printed is no answer: ${this.#shown}`;
    return `Where it did answer, it has to flush its output after each line, and to answer ${form}${last}`;
  }

  get #shown(): string {
    const text = this.#text?.trim() ?? '';
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  }
}

export const faultOf = (message: string): Fault => ({ message, stack: '', blame: 'parameter', retryable: true });

/** @param starts that ended before the first answer */
export function brokenOf(fault: Fault, starts: number): Fault {
  const message = `the program ended ${starts} times before its first answer, the last time so: ${fault.message}`;
  return { ...fault, message, blame: 'computation', retryable: false };
}

export function wrongNumber(values: number, parameters: number): Fault {
  const message =
    `the program answered ${counted(values, 'value')} to a line of ${counted(parameters, 'parameter')}: ` +
    'give one for each, in their order, and null where there is none';
  return { message, stack: '', blame: 'parameter', retryable: false };
}
