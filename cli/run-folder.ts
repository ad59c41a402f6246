/** A run of this machine for every other verb: `ttg results heat-1` finds `runs/heat-1`, at work or over. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../core/runtime/errors.js';
import { readJsonFile } from '../core/runtime/json-file.js';
import type { Program } from '../core/runtime/lifecycle.js';

/** Where `ttg run` keeps its runs, unless it is told otherwise. */
const RUNS = 'runs';
const META = 'meta.json';

interface Meta {
  readonly runId?: string;
  /** How `ttg run` was called. */
  readonly command?: string;
  readonly backend?: string;
  /** While the run is at work. */
  readonly socket?: string;
}

/** A program, and where the run has a folder here, how `ttg run` was called. */
export interface RunProgram extends Program {
  readonly command?: string | undefined;
}

export interface NamedRun {
  readonly id: string;
  /** Where somebody named it by the path of its folder. */
  readonly folder: string | undefined;
}

/**
 * The run that somebody names, by its id or by the path of its folder: `heat-1`, `runs/heat-1/`, `../other/heat-1`.
 * @throws ConfigError where the path leads to no run
 */
export function namedRun(text: string): NamedRun {
  if (!/^\.|\//.test(text)) return { id: text, folder: undefined };
  const id = readMeta(text)?.runId;
  if (id !== undefined) return { id, folder: text };
  throw new ConfigError(
    `${text} is not the folder of a run, since it holds no ${META}: give the run's id, or the folder that \`ttg ` +
      `run\` made ` +
      `(${RUNS} holds ${listed(runsHere())})`,
  );
}

/**
 * Does the body's work on the broker of the environment, or on that of the run's folder where there is such a folder.
 * @param named the folder that somebody named: it comes before the broker of the environment
 */
export async function inRunFolder(
  program: Program,
  body: (program: RunProgram) => Promise<number>,
  named?: string,
): Promise<number> {
  const { config, log } = program;
  const folder = named ?? folderOf(config.RUN_ID);
  const isElsewhere = named === undefined && (config.QUEUE_MODE || config.STATIC_JOB_NAME !== '');
  const meta = isElsewhere ? undefined : readMeta(folder);
  if (meta?.backend !== 'embedded') return body(program);
  const withSocket = (socket: string): RunProgram => ({
    ...program,
    command: meta.command,
    config: { ...config, QUEUE_MODE: true, QUEUE_BACKEND: 'embedded', EMBEDDED_SOCKET: socket },
  });
  const { startCoordinator } = await import('../core/broker/embedded/coordinator/coordinator.js');
  let coordinator;
  try {
    coordinator = await startCoordinator({ dir: join(folder, 'log'), log });
  } catch (thrown) {
    if (!(thrown instanceof ConfigError) || meta.socket === undefined || !existsSync(meta.socket)) throw thrown;
    // The run is at work, in a process that has the log.
    return body(withSocket(meta.socket));
  }
  await using opened = coordinator;
  return await body(withSocket(opened.socket));
}

/** For whoever looks for a run in neither place. */
export function noSuchRun(runId: string): string {
  const broker = 'set QUEUE_MODE=true, QUEUE_BACKEND, and REDIS_HOST or RABBITMQ_HOST';
  const backend = readMeta(folderOf(runId))?.backend;
  if (backend !== undefined)
    return (
      `the results of run ${runId} are with the ${backend} that computed it, and the environment names no ` +
      `broker: ${broker}`
    );
  return (
    `run ${runId} has no folder ${folderOf(runId)} here (${RUNS} holds ${listed(runsHere())}), and the environment ` +
    `names no broker. Name the run by its id, in the directory where \`ttg run\` was, or by the path of its folder; ` +
    `or ${broker}`
  );
}

/** Does the body's work on every run that `ttg run` keeps in this folder, in the order of their names. */
export async function inEachRunFolder(program: Program, body: (program: Program) => Promise<void>): Promise<void> {
  for (const RUN_ID of runsHere()) {
    const of = { ...program, config: { ...program.config, RUN_ID } };
    await inRunFolder(of, async (opened) => {
      // A run on a real broker is listed where that is named.
      if (opened.config.QUEUE_MODE) await body(opened);
      return 0;
    });
  }
}

const runsHere = (): string[] =>
  existsSync(RUNS)
    ? readdirSync(RUNS)
        .filter((name) => existsSync(join(RUNS, name, META)))
        .sort()
    : [];

const folderOf = (runId: string): string => join(RUNS, runId);

function readMeta(folder: string): Meta | undefined {
  return readJsonFile(join(folder, META)) as Meta | undefined;
}

/** For who misspelled one. */
function listed(runs: readonly string[]): string {
  return runs.length === 0 ? 'none' : runs.slice(0, 5).join(', ') + (runs.length > 5 ? ', …' : '');
}
