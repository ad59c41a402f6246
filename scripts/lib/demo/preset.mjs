/** A values file as the environment that the chart would give: the local demo runs the very presets of the cluster. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadYaml } from '@kubernetes/client-node';

/**
 * @typedef {object} Preset
 * @property {Record<string, string>} env
 * @property {number} maxReplicas
 * @property {number} chunksPerWorker
 * @property {number} deadlineSeconds
 */
/** @typedef {{ [key: string]: Values | string | number | boolean | undefined }} Values */

/** Path of a value in the chart → variable. */
export const VARIABLES = {
  'run.totalParameters': 'TOTAL_PARAMETERS',
  'run.chunkSize': 'CHUNK_SIZE',
  'run.keepValues': 'KEEP_VALUES',
  'computation.simulateWorkMs': 'SIMULATE_WORK_MS',
  'computation.simulateFaultRate': 'SIMULATE_FAULT_RATE',
  'worker.batchSize': 'BATCH_SIZE',
  'worker.receiveMax': 'RECEIVE_MAX',
  'worker.maxRetries': 'MAX_RETRIES',
  'worker.retryDelayMs': 'RETRY_DELAY_MS',
  'worker.chunkTimeoutSeconds': 'CHUNK_TIMEOUT_SECONDS',
  'worker.staleThresholdMs': 'STALE_THRESHOLD_MS',
  'worker.staleCheckIntervalSeconds': 'STALE_CHECK_INTERVAL_SECONDS',
  'worker.idleTimeoutSeconds': 'IDLE_TIMEOUT_SECONDS',
  'worker.chunksPerWorker': 'CHUNKS_PER_WORKER',
};

/**
 * @param {string} name small, medium or large
 * @param {string} backend
 * @returns {Preset}
 */
export function readPreset(name, backend) {
  const values = merge(load('../../../chart/values.yaml'), load(`../../../values/${name}-${backend}.yaml`));
  const env = Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([path, variable]) => {
      const value = at(values, path);
      return value === undefined ? [] : [[variable, String(value)]];
    }),
  );
  return {
    env,
    maxReplicas: Number(at(values, 'worker.maxReplicas')),
    chunksPerWorker: Number(at(values, 'worker.chunksPerWorker')),
    deadlineSeconds: Number(at(values, 'verify.deadlineSeconds')),
  };
}

/** @param {string} path @returns {Values} */
function load(path) {
  return /** @type {Values} */ (loadYaml(readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')));
}

/** @param {Values} base @param {Values} over @returns {Values} */
function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = typeof value === 'object' && typeof below === 'object' ? merge(below, value) : value;
  }
  return merged;
}

/** @param {Values} values @param {string} path */
function at(values, path) {
  return path
    .split('.')
    .reduce((/** @type {Values[string]} */ found, key) => (typeof found === 'object' ? found[key] : undefined), values);
}
