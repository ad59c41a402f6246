/** What the verbs' commands share: options, limits of numbers, the frame they run in. */
import { Argument, InvalidArgumentError, Option } from 'commander';
import { runMain } from '../core/runtime/lifecycle.js';
import { inRunFolder, namedRun, parseRun, type RunProgram } from './run-folder.js';

/**
 * Runs a verb. Broker and run come from the environment, as for every other program of TTG, or from the run's folder.
 * @param options runId: as parseRun takes it
 */
export function run(
  { runId, everyRun = false }: { readonly runId?: string | undefined; readonly everyRun?: boolean },
  body: (program: RunProgram) => Promise<number>,
): void {
  const named = runId === undefined ? undefined : namedRun(runId);
  runMain('ttg', (program) => (everyRun ? body(program) : inRunFolder(program, body, { named: named?.folder })), {
    logTo: 2,
    given: named === undefined ? {} : { RUN_ID: named.id },
  });
}

const WHICH = 'the run: its id, or the path of its folder (default: RUN_ID of the environment)';

export const runArgument = (): Argument => new Argument('[run]', WHICH).argParser(parseRun);
export const runIdOption = (): Option => new Option('--run-id <id>', WHICH).argParser(parseRun);

/** Options with the run that stands as an argument: it comes first. */
export const withRun = <T extends object>(runId: string | undefined, options: T): T & { readonly runId?: string } =>
  runId === undefined ? options : { ...options, runId };

export const logsOption = (): Option =>
  new Option(
    '--logs <directory>',
    "read static mode's records from the files of this directory, the logs of the pods, instead of the broker",
  );

export const jsonOption = (what: string): Option => new Option('--json', what);

/** Parses an option's number. @param above whether the least value itself is too little */
export function numberOf(what: string, least: number, most: number, above = false): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (value <= most && (above ? value > least : value >= least)) return value;
    throw new InvalidArgumentError(
      above ? `Give ${what} above ${least} and up to ${most}.` : `Give ${what} from ${least} to ${most}.`,
    );
  };
}
