/** The frame every script runs in: steps with their time, a failure with its last state and remedy, an orderly Ctrl-C. */
import { $, chalk, ProcessOutput } from 'zx';
import { helpText, parseFlags, scriptArguments, UsageError } from './args.mjs';
import { messageOf, Stop } from './stop.mjs';

export { messageOf, Stop };

/** @typedef {{ what: string, undo: (() => Promise<unknown>) | undefined }} Undo */
/**
 * What a script's body gets.
 * @typedef {object} Run
 * @property {AbortSignal} signal aborts on the first Ctrl-C
 * @property {import('zx').Shell} sh zx's `$`, quiet, ended by the signal
 * @property {<T>(what: string, body: (say: (state: string) => void) => Promise<T>) => Promise<T>} step
 *   prints what is done and how long it took; `say` shows its state in between
 * @property {(line: string) => void} print a line of result on standard output
 * @property {(what: string, undo?: () => Promise<unknown>) => () => void} onInterrupt
 *   prints `what` and runs `undo` when the script is interrupted from now on; returns what takes that back
 */

const terminal = process.stderr.isTTY === true;
const err = (/** @type {string} */ text) => void process.stderr.write(text);

/**
 * Parses the flags, runs the body, sets the exit status: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.
 * @template {Record<string, import('./args.mjs').Flag>} const F
 * @param {import('./args.mjs').Usage<F>} usage
 * @param {(flags: import('./args.mjs').Flags<F>, run: Run) => Promise<number | void>} body
 */
export async function runScript(usage, body) {
  const flags = readFlags(usage);
  if (flags === undefined) return;
  const controller = new AbortController();
  /** @type {Undo[]} */
  const undos = [];
  const run = makeRun(controller.signal, undos);
  let firstSignal = Infinity;
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(name, () => {
      // one Ctrl-C may arrive twice, from the terminal and passed on by npx
      if (performance.now() - firstSignal > 1000) process.exit(130);
      if (controller.signal.aborted) return;
      firstSignal = performance.now();
      err(`\n${chalk.yellow('interrupted')}: stopping (once more to leave at once)\n`);
      controller.abort(new Stop('interrupted'));
    });
  }
  try {
    const status = await body(flags, run);
    process.exit(controller.signal.aborted ? 130 : (status ?? 0));
  } catch (thrown) {
    if (!controller.signal.aborted) reportFailure(thrown);
    else await undoAll(undos);
    process.exit(controller.signal.aborted ? 130 : 1);
  }
}

/**
 * @template {Record<string, import('./args.mjs').Flag>} F
 * @param {import('./args.mjs').Usage<F>} usage
 */
function readFlags(usage) {
  try {
    const flags = parseFlags(usage, scriptArguments());
    if (flags !== 'help') return flags;
    console.log(helpText(usage));
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    err(`${usage.name}: ${thrown.message}\n\n${helpText(usage)}\n`);
    process.exitCode = 2;
  }
  return undefined;
}

/**
 * @param {AbortSignal} signal
 * @param {Undo[]} undos
 * @returns {Run}
 */
function makeRun(signal, undos) {
  return {
    signal,
    sh: $({ quiet: true, signal, stdio: ['ignore', 'pipe', 'pipe'] }),
    print: (line) => console.log(line),
    step: (what, body) => step(signal, what, body),
    onInterrupt: (what, undo) => {
      const entry = { what, undo };
      undos.push(entry);
      return () => void (undos.includes(entry) && undos.splice(undos.indexOf(entry), 1));
    },
  };
}

/**
 * @template T
 * @param {AbortSignal} signal
 * @param {string} what
 * @param {(say: (state: string) => void) => Promise<T>} body
 */
async function step(signal, what, body) {
  signal.throwIfAborted();
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  let shown = '';
  const say = (/** @type {string} */ state) => {
    if (state === shown) return;
    shown = state;
    err(
      terminal
        ? `\r\x1b[K${chalk.cyan('…')} ${what}: ${state}`.slice(0, (process.stderr.columns ?? 120) + 20)
        : `  ${state}\n`,
    );
  };
  err(`${chalk.cyan('…')} ${what}${terminal ? '' : '\n'}`);
  try {
    const result = await body(say);
    err(`${terminal ? '\r\x1b[K' : ''}${chalk.green('✓')} ${what} ${chalk.dim(seconds())}\n`);
    return result;
  } catch (thrown) {
    err(`${terminal ? '\r\x1b[K' : ''}${chalk.red('✗')} ${what} ${chalk.dim(seconds())}\n`);
    throw thrown;
  }
}

/** @param {unknown} thrown */
function reportFailure(thrown) {
  err(`${chalk.red('failed')}: ${messageOf(thrown)}\n`);
  if (thrown instanceof Stop && thrown.remedy) err(`${chalk.yellow('remedy')}: ${thrown.remedy}\n`);
  else if (!(thrown instanceof Stop) && !(thrown instanceof ProcessOutput) && thrown instanceof Error)
    err(`${thrown.stack}\n`);
}

/** @param {Undo[]} undos */
async function undoAll(undos) {
  for (const { what, undo } of undos.reverse()) {
    if (undo === undefined) {
      err(`  ${what}\n`);
      continue;
    }
    const clean = new AbortController();
    await step(clean.signal, what, undo).catch((thrown) => err(`  ${messageOf(thrown)}\n`));
  }
}
