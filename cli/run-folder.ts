/** A run of this machine for every other verb: `ttg results heat-1` finds `runs/heat-1`, whether it is at work or over. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { namesOf, runFolderAt, runFoldersIn, type RunFolder } from '../core/broker/embedded/run-folder.js';
import type { Config } from '../core/runtime/config.js';
import { asError, ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { withStoreOf } from '../core/store/of-folder.js';
import { keepsBroker, withBrokerOf } from './run-broker.js';
import { parseNewRunId } from './run-id.js';

/** Where `ttg run` keeps its runs, unless it is told otherwise. */
const RUNS = 'runs';

/** A program, and where the run has a folder here, how `ttg run` was called. */
export interface RunProgram extends Program {
  readonly command?: string | undefined;
  /** Whether the run has a folder here and no process is at it. */
  readonly isAtRest?: boolean;
}

export interface NamedRun {
  readonly id: string;
  /** Where somebody named it by the path of its folder. */
  readonly folder: RunFolder | undefined;
}

/** Ids have neither dots nor slashes. */
const isPath = (given: string): boolean => /[./\\]/.test(given);

/**
 * The run that somebody names, by its id or by the path of its folder: `heat-1`, `runs/heat-1/`, `../other/heat-1`.
 * @throws ConfigError where the path leads to no run
 */
export function namedRun(text: string): NamedRun {
  if (!isPath(text)) return { id: text, folder: undefined };
  const folder = runFolderAt(text);
  if (folder) return { id: folder.runId, folder };
  throw new ConfigError(
    `${text} is no folder of a run, since it has no meta.json: give the run's id, or the folder that \`ttg run\` made ` +
      `(${RUNS} holds ${namesOf(runFoldersIn(RUNS))})`,
  );
}

/** Parses an argument: the id of a run, or the path of its folder. @returns what `namedRun` takes */
export function parseRun(text: string): string {
  try {
    parseNewRunId(namedRun(text).id);
    return text;
  } catch (thrown) {
    if (thrown instanceof InvalidArgumentError)
      throw new InvalidArgumentError(`${thrown.message} Or give the path of a run's folder, with a slash.`);
    throw new InvalidArgumentError(`${asError(thrown).message}.`);
  }
}

/**
 * Does the body's work on the broker of the environment, or on that of the run's folder where there is such a folder.
 * @param named the folder that somebody named: it comes before the broker of the environment
 * @param startsBroker also where the run's broker is Redis or RabbitMQ, which takes seconds to start
 */
export async function inRunFolder(
  program: Program,
  body: (program: RunProgram) => Promise<number>,
  { named, startsBroker = true }: { readonly named?: RunFolder | undefined; readonly startsBroker?: boolean } = {},
): Promise<number> {
  const { config, log } = program;
  const folder = named ?? (namesPlace(config) ? undefined : runFolderAt(join(RUNS, config.RUN_ID)));
  if (folder && startsBroker && keepsBroker(folder)) return withBrokerOf(folder, program, body);
  if (!folder?.hasLog) return body(program);
  const withSocket = (socket: string, isAtRest: boolean): RunProgram => ({
    ...program,
    isAtRest,
    command: folder.meta.command,
    config: {
      ...withStoreOf(folder.meta, config),
      QUEUE_MODE: true,
      QUEUE_BACKEND: 'embedded',
      EMBEDDED_SOCKET: socket,
    },
  });
  const { startCoordinator } = await import('../core/broker/embedded/coordinator/coordinator.js');
  let coordinator;
  try {
    coordinator = await startCoordinator({ dir: join(folder.path, 'log'), log });
  } catch (thrown) {
    const { socket } = folder.meta;
    if (!(thrown instanceof ConfigError) || socket === undefined || !existsSync(socket)) throw thrown;
    // The run is at work, in a process that has the log.
    return body(withSocket(socket, false));
  }
  await using opened = coordinator;
  return await body(withSocket(opened.socket, true));
}

/** Whether the environment says where the run is: a broker, or the Job of static mode. */
export const namesPlace = (config: Config): boolean => config.QUEUE_MODE || config.STATIC_JOB_NAME !== '';

/**
 * The folder that a user named.
 * @returns undefined where the environment names a broker and this is the id of a run
 * @throws ConfigError where there is no such folder
 */
export function folderOf(config: Config, given: string): RunFolder | undefined {
  if (!isPath(given) && namesPlace(config)) return undefined;
  const path = isPath(given) ? given : join(RUNS, given);
  const folder = runFolderAt(path);
  if (!folder) throw new ConfigError(noSuchRun(given));
  return folder;
}

/** For who needs the log in the folder. */
export function logElsewhere(folder: RunFolder): string {
  const { runId, path, meta } = folder;
  const { backend = 'unknown' } = meta;
  if (keepsBroker(folder))
    return (
      `the log of run ${runId} is not in its folder ${path}, but in the broker that \`ttg run --backend ${backend}\` starts for it ` +
      'alone: `ttg results` and `ttg verify` read it, and no other run can be set beside it'
    );
  return (
    `the log of run ${runId} is not in its folder ${path}, but with --backend ${backend}: name that broker by ` +
    'QUEUE_MODE=true, QUEUE_BACKEND, and REDIS_HOST or RABBITMQ_HOST'
  );
}

/** For whoever looks for a run in neither place. */
export function noSuchRun(runId: string): string {
  const path = join(RUNS, runId);
  const folder = runFolderAt(path);
  if (folder) return logElsewhere(folder);
  const broker = 'set QUEUE_MODE=true, QUEUE_BACKEND, and REDIS_HOST or RABBITMQ_HOST';
  return (
    `run ${runId} has no folder ${path} here (${RUNS} holds ${namesOf(runFoldersIn(RUNS))}), and the environment names ` +
    `no broker. Name the run by its id, in the directory where \`ttg run\` was, or by the path of its folder; or ${broker}`
  );
}

/** Does the body's work on every run that `ttg run` keeps in this folder, in the order of their names. */
export async function inEachRunFolder(program: Program, body: (program: RunProgram) => Promise<void>): Promise<void> {
  for (const RUN_ID of runFoldersIn(RUNS)) {
    const of = { ...program, config: { ...program.config, RUN_ID } };
    await inRunFolder(
      of,
      async (opened) => {
        // A run on a real broker is listed where that is named.
        if (opened.config.QUEUE_MODE) await body(opened);
        return 0;
      },
      { startsBroker: false },
    );
  }
}
