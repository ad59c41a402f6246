/**
 * A values file as the environment that the chart would give: the local demo runs the very presets of the cluster.
 */
import { loadYaml } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../programs.js';

export interface Preset {
  env: Record<string, string>;
  maxReplicas: number;
  chunksPerWorker: number;
  deadlineSeconds: number;
}

export interface Values {
  [key: string]: Values | string | number | boolean | undefined;
}

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

/** @param name small, medium or large */
export function readPreset(name: string, backend: string): Preset {
  // Without a cluster nothing of the preset is about its broker.
  const file = backend === 'embedded' ? `values/${name}-redis.yaml` : `values/${name}-${backend}.yaml`;
  const values = merge(load('chart/values.yaml'), load(file));
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

function load(path: string): Values {
  return loadYaml<Values>(readFileSync(join(ROOT, path), 'utf8'));
}

function merge(base: Values, over: Values): Values {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = typeof value === 'object' && typeof below === 'object' ? merge(below, value) : value;
  }
  return merged;
}

/** The scalar at a path; undefined where there is none. */
function at(values: Values, path: string): string | number | boolean | undefined {
  let found: Values[string] = values;
  for (const key of path.split('.')) found = typeof found === 'object' ? found[key] : undefined;
  return typeof found === 'object' ? undefined : found;
}
