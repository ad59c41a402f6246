/** What the verbs' commands share: options, limits of numbers, the frame they run in. */
import { InvalidArgumentError, Option } from 'commander';
import { runMain, type Program } from '../core/runtime/lifecycle.js';
import { inRunFolder } from './run-folder.js';
import { parseRunId } from './run-id.js';

export { parseRunId } from './run-id.js';

/** Runs a verb. Broker and run come from the environment, as for every other program of TTG, or from the run's folder. */
export function run(
  { runId, everyRun = false }: { readonly runId?: string | undefined; readonly everyRun?: boolean },
  body: (program: Program) => Promise<number>,
): void {
  runMain('ttg', (program) => (everyRun ? body(program) : inRunFolder(program, body)), {
    logTo: 2,
    given: runId === undefined ? {} : { RUN_ID: runId },
  });
}

export const runIdOption = (): Option =>
  new Option('--run-id <id>', 'the run (default: RUN_ID of the environment)').argParser(parseRunId);

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
