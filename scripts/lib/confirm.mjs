/** A question before something is deleted. */
import { createInterface } from 'node:readline/promises';
import { Stop } from './steps.mjs';

/**
 * Returns on yes or with `force`; throws otherwise, and where nobody can be asked.
 * @param {import('./steps.mjs').Run} run
 * @param {string} question
 * @param {boolean} force
 */
export async function confirm(run, question, force) {
  if (force) return;
  if (!process.stdin.isTTY)
    throw new Stop(`${question} There is no terminal to ask at.`, 'pass --force to go on without a question');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: run.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Stop('not confirmed: nothing was deleted');
  } finally {
    terminal.close();
  }
}
