/** What a values file says to processes of this machine: the chart's keys as variables, and defaults for one machine. */
import { ENVIRONMENT } from '../../core/runtime/config.js';
import { VARIABLES } from '../run/preset.js';

/** Path in the values file → variable. Keys about pods mean nothing here. */
const KEYS: Readonly<Record<string, string>> = {
  ...VARIABLES,
  'run.maxDead': 'MAX_DEAD',
  'results.store': 'RESULTS_STORE',
  'results.directory.path': 'RESULTS_DIRECTORY',
  'results.s3.endpoint': 'S3_ENDPOINT',
  'results.s3.region': 'S3_REGION',
  'results.s3.bucket': 'S3_BUCKET',
  'results.s3.prefix': 'S3_PREFIX',
  'results.s3.pathStyle': 'S3_PATH_STYLE',
  'run.reuse': 'RUN_REUSE',
  'verify.allowDead': 'VERIFY_ALLOW_DEAD',
};

/** These follow from where the run is: the number of workers is -j, and chunks are cut for it. */
const NOT_HERE = ['run.totalParameters', 'run.chunkSize', 'worker.chunksPerWorker'];

/** Workers are near, few, and seen to die: nobody has to wait as long as on a cluster. */
const DEFAULTS = {
  RETRY_DELAY_MS: '500',
  STALE_THRESHOLD_MS: '15000',
  STALE_CHECK_INTERVAL_SECONDS: '5',
  SHUTDOWN_GRACE_SECONDS: '20',
  SIMULATE_WORK_MS: '0',
  // As many workers as there are unfinished chunks: a process costs less than a pod.
  CHUNKS_PER_WORKER: '1',
};

export function settingsOf(values: unknown): Record<string, string> {
  const given = Object.entries(KEYS).flatMap(([path, variable]) => {
    const value = NOT_HERE.includes(path) ? undefined : valueAt(values, path);
    return value === undefined || value === '' ? [] : [[variable, String(value)] as const];
  });
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

/** The scalar at a path such as `run.id`; undefined where there is none. */
export function valueAt(values: unknown, path: string): string | number | boolean | undefined {
  let found = values;
  for (const key of path.split('.'))
    found = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined;
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? found : undefined;
}

/** Of TTG's own variables these say where a broker is, who asks, and what is logged; all others what is computed. */
const INHERITED =
  /^(S3_ACCESS_KEY_ID$|S3_SECRET_ACCESS_KEY$|S3_SESSION_TOKEN$|REDIS_|RABBITMQ_|LOG_|TTG_FAULT_|QUEUE_PREFIX$|CONNECT_TIMEOUT_SECONDS$)/;

/** The environment without what would change the run: its file is the whole of it. */
export function inherited(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !(name in ENVIRONMENT) || INHERITED.test(name)));
}
