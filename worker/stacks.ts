/** Stacks of errors by name: each goes into the log once, however many parameters fail at the same place. */
import { createHash } from 'node:crypto';

/** Characters; what is longer is cut. */
const MOST_STACK = 4096;
const MOST_MESSAGE = 2000;

export interface Stack {
  /** Empty where there is no stack. */
  readonly stackId: string;
  /** Empty where it was recorded before. */
  readonly stack: string;
}

export class Stacks {
  readonly #recorded = new Set<string>();

  /**
   * @param stack of an Error. Its frames make the name: the message before them may name the parameter
   * @param output what a program printed on standard error, as it is
   */
  record(stack: string, output = ''): Stack {
    const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
    const text = frames.length > 0 ? frames.join('\n').slice(0, MOST_STACK) : output.trimEnd().slice(-MOST_STACK);
    if (text === '') return { stackId: '', stack: '' };
    const stackId = createHash('sha256').update(text).digest('hex').slice(0, 12);
    if (this.#recorded.has(stackId)) return { stackId, stack: '' };
    this.#recorded.add(stackId);
    return { stackId, stack: text };
  }

  /** The record with this stack was not written: the next one carries it. */
  forget(stackId: string): void {
    this.#recorded.delete(stackId);
  }
}

/** A message that fits into a record, whatever the computation threw. */
export function shortMessage(message: string): string {
  // Half a surrogate pair has no encoding; it becomes the replacement character.
  const text = Buffer.from(message).toString();
  return text.length > MOST_MESSAGE ? `${text.slice(0, MOST_MESSAGE)} … (${text.length} characters)` : text;
}
