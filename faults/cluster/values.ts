/** A run's environment as values of the chart, and the tiny run for experiments on a cluster. */
import { VARIABLES } from '../../ops/run/preset.js';
import type { Settings } from '../types.js';

export interface Values {
  [key: string]: Values | string | number | boolean | Array<Record<string, string>> | undefined;
}

/**
 * Eight seconds for three workers: 60 chunks of 400 ms, so that whoever looks through an API server still meets a run
 * under way. With a lease of 3 s, since ten processes starting on two cores may well keep a heartbeat waiting for one.
 * @param id of the run
 */
export function tinyClusterRun(id: string): Settings {
  return {
    env: {
      RUN_ID: id,
      TOTAL_PARAMETERS: '240',
      CHUNK_SIZE: '4',
      SIMULATE_WORK_MS: '100',
      STALE_THRESHOLD_MS: '3000',
      RETRY_DELAY_MS: '500',
      STALE_CHECK_INTERVAL_SECONDS: '1',
      IDLE_TIMEOUT_SECONDS: '10',
    },
    maxWorkers: 3,
    chunksPerWorker: 1,
    deadlineSeconds: 180,
  };
}

/**
 * What the chart has a value for becomes that value; any other variable is a worker's extraEnv.
 * @param env of the run
 */
export function valuesOf(
  env: Record<string, string>,
  workerEnv: Record<string, string>,
  { maxWorkers, chunksPerWorker, source }: { maxWorkers: number; chunksPerWorker: number; source?: string | undefined },
): Values {
  const values: Values = { log: { level: 'DEBUG', format: 'json' } };
  const all = { ...env, ...workerEnv };
  const paths = Object.entries(VARIABLES);
  for (const [path, variable] of paths)
    if (all[variable] !== undefined) put(values, path, typed(String(all[variable])));
  const extra = Object.entries(workerEnv).filter(([name]) => !paths.some(([, variable]) => variable === name));
  put(values, 'run.id', String(env.RUN_ID));
  put(
    values,
    'worker.extraEnv',
    extra.map(([name, value]) => ({ name, value })),
  );
  put(values, 'worker.maxReplicas', maxWorkers);
  put(values, 'worker.chunksPerWorker', chunksPerWorker);
  if (source !== undefined) put(values, 'computation.source', source);
  return values;
}

function put(values: Values, path: string, value: string | number | boolean | Array<Record<string, string>>) {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = values;
  for (const key of keys) at = (at[key] ??= {}) as Values;
  at[last] = value;
}

function typed(text: string) {
  return text === 'true' || text === 'false' ? text === 'true' : Number(text);
}
