/** Failures as scripts report them: what was last seen, and what to do about it. */
import { ProcessOutput } from 'zx';

/** A failure that says what to do about it. Scripts throw this instead of a bare Error. */
export class Stop extends Error {
  /**
   * @param {string} message what failed, where, and the last observed state
   * @param {string} [remedy] what to type or change
   */
  constructor(message, remedy) {
    super(message);
    this.name = 'Stop';
    this.remedy = remedy;
  }
}

/**
 * One short text for anything thrown; of a failed command the command's name, status and the end of its errors.
 * @param {unknown} thrown
 * @returns {string}
 */
export function messageOf(thrown) {
  if (thrown instanceof ProcessOutput) {
    const said = (thrown.stderr.trim() || thrown.stdout.trim()).split('\n').slice(-15).join('\n');
    return `a command ended with ${thrown.exitCode ?? thrown.signal}: ${said || thrown.message}`;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}
