/** A run of this machine for every other verb: `ttg results --run-id heat-1` finds `runs/heat-1`, whether it is at work or over. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../core/runtime/errors.js';
import { readJsonFile } from '../core/runtime/json-file.js';
import type { Program } from '../core/runtime/lifecycle.js';

/** Where `ttg run` keeps its runs, unless it is told otherwise. */
const RUNS = 'runs';

interface Meta {
  readonly backend?: string;
  /** While the run is at work. */
  readonly socket?: string;
}

/** Does the body's work on the broker of the environment, or on that of the run's folder where there is such a folder. */
export async function inRunFolder(program: Program, body: (program: Program) => Promise<number>): Promise<number> {
  const { config, log } = program;
  const folder = join(RUNS, config.RUN_ID);
  // A broker that the environment names comes first.
  const meta = config.QUEUE_MODE || config.STATIC_JOB_NAME !== '' ? undefined : readMeta(join(folder, 'meta.json'));
  if (meta?.backend !== 'embedded') return body(program);
  const withSocket = (socket: string): Program => ({
    ...program,
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
  return (
    `${notHere(runId)}, and the environment names no broker. Name the run by --run-id, in the directory where \`ttg run\` ` +
    'was; or set QUEUE_MODE=true, QUEUE_BACKEND, and REDIS_HOST or RABBITMQ_HOST'
  );
}

function readMeta(file: string): Meta | undefined {
  return readJsonFile(file) as Meta | undefined;
}

/** That there is no such run in this folder, and which there are, for who misspelled one. */
function notHere(runId: string): string {
  const known = existsSync(RUNS) ? readdirSync(RUNS).sort() : [];
  const there = known.length === 0 ? 'none' : known.slice(0, 5).join(', ') + (known.length > 5 ? ', …' : '');
  return `run ${runId} has no folder ${join(RUNS, runId)} here (${RUNS} holds ${there})`;
}
