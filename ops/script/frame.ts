/**
 * The frame every script runs in: steps with their time, a failure with its last state and remedy, an orderly Ctrl-C.
 */
import { createInterface } from 'node:readline/promises';
import { $, type Shell, chalk, ProcessOutput } from 'zx';
import { type Flag, type Usage, type Flags, helpText, parseFlags, scriptArguments, UsageError } from './args.js';
import { Stop, messageOf } from './stop.js';

interface Undo {
  what: string;
  undo: (() => Promise<unknown>) | undefined;
}

/** What a script's body gets. */
export interface Script {
  /** aborts on the first Ctrl-C */
  signal: AbortSignal;
  /** zx's `$`, quiet, ended by the signal */
  sh: Shell;
  /** prints what is done and how long it took; `say` shows its state in between */
  step: <T>(what: string, body: (say: (state: string) => void) => Promise<T>) => Promise<T>;
  /** a line of result on standard output */
  print: (line: string) => void;
  /** prints `what` and runs `undo` when the script is interrupted from now on; returns what takes that back */
  onInterrupt: (what: string, undo?: () => Promise<unknown>) => () => void;
}

const terminal = process.stderr.isTTY === true;

const err = (text: string) => void process.stderr.write(text);

/** Parses the flags, runs the body, sets the exit status: 0 done, 1 failed, 2 wrong arguments, 130 interrupted. */
export async function runScript<const F extends Record<string, Flag>>(
  usage: Usage<F>,
  body: (flags: Flags<F>, script: Script) => Promise<number | void>,
) {
  const flags = readFlags(usage);
  if (flags === undefined) return;
  const controller = new AbortController();
  const undos: Undo[] = [];
  const script = makeScript(controller.signal, undos);
  let firstSignal = Infinity;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // one Ctrl-C may arrive twice, from the terminal and passed on by npx
      if (performance.now() - firstSignal > 1000) process.exit(130);
      if (controller.signal.aborted) return;
      firstSignal = performance.now();
      err(`\n${chalk.yellow('interrupted')}: stopping (once more to leave at once)\n`);
      controller.abort(new Stop('interrupted'));
    });
  }
  // Whoever reads the output may have read enough: `list.mjs | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let status = 1;
  try {
    status = (await body(flags, script)) ?? 0;
  } catch (thrown) {
    if (!controller.signal.aborted) reportFailure(thrown);
    else await undoAll(undos);
  }
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(controller.signal.aborted ? 130 : status);
}

/** A pipe that is read slowly takes what was printed long after it was printed; process.exit would throw it away. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

function readFlags<F extends Record<string, Flag>>(usage: Usage<F>) {
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

/** What a body gets, for a program with a frame of its own. */
export function makeScript(signal: AbortSignal, undos: Undo[] = []): Script {
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

async function step<T>(signal: AbortSignal, what: string, body: (say: (state: string) => void) => Promise<T>) {
  signal.throwIfAborted();
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  let shown = '';
  const say = (state: string) => {
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

function reportFailure(thrown: unknown) {
  err(`${chalk.red('failed')}: ${messageOf(thrown)}\n`);
  if (thrown instanceof Stop && thrown.remedy) err(`${chalk.yellow('remedy')}: ${thrown.remedy}\n`);
  else if (!(thrown instanceof Stop) && !(thrown instanceof ProcessOutput) && thrown instanceof Error)
    err(`${thrown.stack}\n`);
}

async function undoAll(undos: Undo[]) {
  for (const { what, undo } of undos.reverse()) {
    if (undo === undefined) {
      err(`  ${what}\n`);
      continue;
    }
    const clean = new AbortController();
    await step(clean.signal, what, undo).catch((thrown) => err(`  ${messageOf(thrown)}\n`));
  }
}

/** Returns on yes or with `force`; throws otherwise, and where nobody can be asked. */
export async function confirm(script: Script, question: string, force: boolean) {
  if (force) return;
  if (!process.stdin.isTTY)
    throw new Stop(`${question} There is no terminal to ask at.`, 'pass --force to go on without a question');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: script.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Stop('not confirmed: nothing was deleted');
  } finally {
    terminal.close();
  }
}
