/** A run's environment as values of the chart, and the tiny run that faults on a cluster are played on. */
import { VARIABLES } from '../../demo/preset.mjs';

/** @typedef {{ [key: string]: Values | string | number | boolean | Array<Record<string, string>> | undefined }} Values */

/**
 * Eight seconds for three workers: 60 chunks of 400 ms, so that whoever looks through an API server still meets a run under
 * way. With a lease of 3 s, since ten processes starting on two cores may well keep a heartbeat waiting for one.
 * @param {string} id of the run
 * @returns {import('../types.mjs').Settings}
 */
export function tinyClusterRun(id) {
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
 * @param {Record<string, string>} env of the run
 * @param {Record<string, string>} workerEnv
 * @param {{ maxWorkers: number, chunksPerWorker: number, source?: string | undefined }} more
 * @returns {Values}
 */
export function valuesOf(env, workerEnv, { maxWorkers, chunksPerWorker, source }) {
  /** @type {Values} */
  const values = { log: { level: 'DEBUG', format: 'json' } };
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

/** @param {Values} values @param {string} path @param {string | number | boolean | Array<Record<string, string>>} value */
function put(values, path, value) {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = values;
  for (const key of keys) at = /** @type {Values} */ (at[key] ??= {});
  at[last] = value;
}

/** @param {string} text */
function typed(text) {
  return text === 'true' || text === 'false' ? text === 'true' : Number(text);
}
