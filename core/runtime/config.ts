/** Environment → one frozen Config. Nobody else reads process.env; names and defaults are public interface. */
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { ConfigError } from './errors.js';

const integer = (fallback: number, min: number, max = Number.MAX_SAFE_INTEGER) =>
  z._default(z.coerce.number().check(z.int(), z.gte(min), z.lte(max)), fallback);
const number = (fallback: number, min: number, max: number) =>
  z._default(z.coerce.number().check(z.gte(min), z.lte(max)), fallback);
const text = (fallback: string) => z._default(z.string(), fallback);
const flag = (fallback: 'true' | 'false') =>
  z.pipe(
    z._default(z.enum(['true', 'false', '1', '0']), fallback),
    z.transform((v) => v === 'true' || v === '1'),
  );
/** A Secret made from a file often ends with that file's newline, which the brokers' own start-up drops too. */
const secret = () =>
  z.pipe(
    text(''),
    z.transform((value) => value.replace(/(\r?\n)+$/, '')),
  );
/** A label value of Kubernetes: run ids end up in labels and in names of Jobs. */
const LABEL = 'give 1 to 40 lower-case letters, digits and dashes; the first and the last is no dash';
const label = (fallback: string) =>
  z._default(z.string().check(z.regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/, LABEL)), fallback);
const optionalInteger = z.optional(z.coerce.number().check(z.int(), z.gte(0)));

/** Node's timers hold 2^31 − 1 ms; a longer one fires at once. */
const MOST_MS = 2_147_483_647;
const MOST_SECONDS = Math.floor(MOST_MS / 1000);

/** Every variable there is. Keep the chart's _env.tpl in step: a test compares the two. */
export const ENVIRONMENT = {
  // which run, and how it is computed
  RUN_ID: label('run-1'),
  TOTAL_PARAMETERS: integer(10_000, 1),
  CHUNK_SIZE: integer(100, 1, 10_000_000),
  COMPUTATION: text('builtin'),
  SWEEP_FILE: text(''),
  KEEP_VALUES: flag('false'),
  /** Where values go, see keepsValues. Left out: into the log for a sweep, else as KEEP_VALUES says. */
  RESULTS_STORE: z.optional(z.enum(['log', 'none', 'directory', 's3'])),
  RESULTS_DIRECTORY: text(''),
  S3_ENDPOINT: text(''),
  S3_REGION: text('us-east-1'),
  S3_BUCKET: text(''),
  S3_PREFIX: text(''),
  S3_PATH_STYLE: flag('true'),
  /** Without these two the credentials are those of AWS's own variables, see core/store/credentials.ts. */
  S3_ACCESS_KEY_ID: secret(),
  S3_SECRET_ACCESS_KEY: secret(),
  S3_SESSION_TOKEN: secret(),
  MAX_DEAD: text(''),
  /** Another run of the same log, whose values are taken for parameters that it has too. */
  RUN_REUSE: label(''),
  SIMULATE_WORK_MS: number(1, 0, 86_400_000),
  SIMULATE_FAULT_RATE: number(0, 0, 1),
  // which broker
  QUEUE_MODE: flag('false'),
  QUEUE_BACKEND: z._default(z.enum(['redis', 'rabbitmq', 'embedded']), 'redis'),
  QUEUE_PREFIX: z._default(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,40}$/)), 'ttg'),
  REDIS_HOST: text('ttg-redis'),
  REDIS_PORT: integer(6379, 1, 65_535),
  REDIS_PASSWORD: secret(),
  RABBITMQ_HOST: text('ttg-rabbitmq'),
  RABBITMQ_PORT: integer(5672, 1, 65_535),
  RABBITMQ_MANAGEMENT_PORT: integer(15_672, 1, 65_535),
  RABBITMQ_VHOST: text('/'),
  RABBITMQ_USER: text('ttg'),
  RABBITMQ_PASSWORD: secret(),
  EMBEDDED_SOCKET: text(''),
  CONNECT_TIMEOUT_SECONDS: integer(120, 1, MOST_SECONDS),
  // the worker
  WORKER_ID: text('0'),
  POD_NAME: text(''),
  NODE_NAME: text(''),
  TOTAL_WORKERS: integer(3, 1),
  JOB_COMPLETION_INDEX: optionalInteger,
  BATCH_SIZE: integer(500, 1),
  RECEIVE_MAX: integer(750, 1, 3000),
  MAX_RETRIES: integer(3, 0, 50),
  RETRY_DELAY_MS: integer(5000, 0, MOST_MS),
  CHUNK_TIMEOUT_SECONDS: integer(1500, 1, MOST_SECONDS),
  IDLE_TIMEOUT_SECONDS: integer(30, 1, MOST_SECONDS),
  CHUNKS_PER_WORKER: integer(10, 1),
  STALE_CHECK_INTERVAL_SECONDS: integer(30, 1, MOST_SECONDS),
  STALE_THRESHOLD_MS: integer(60_000, 500, MOST_MS),
  SHUTDOWN_GRACE_SECONDS: integer(20, 1, MOST_SECONDS),
  // fault injection, see worker/fault-point.ts: off unless both are set
  TTG_FAULT_POINT: z.optional(z.enum(['before-compute', 'before-record', 'before-ack'])),
  TTG_FAULT_CHUNK: text(''),
  // seeder and verify
  BROKER_VOLUME_BYTES: optionalInteger,
  SCALED_JOB_NAME: text(''),
  WORKER_SPEC_HASH: text(''),
  AUTH_SECRET_NAME: text(''),
  POD_NAMESPACE: text(''),
  STATIC_JOB_NAME: text(''),
  TTG_VERSION: text(''),
  TTG_IMAGE: text(''),
  // set where workers run in an image of the user's, which the seeder does not have
  WORKER_IMAGE: text(''),
  VERIFY_DEADLINE_SECONDS: integer(600, 0, MOST_SECONDS),
  VERIFY_ALLOW_DEAD: flag('false'),
  // logs
  LOG_LEVEL: z._default(z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'debug', 'info', 'warning', 'error']), 'INFO'),
  LOG_FORMAT: z._default(z.enum(['text', 'json']), 'text'),
};

const schema = z.object(ENVIRONMENT);
/** zod/mini has no texts of its own: without these every message is "Invalid input". */
const LIMITS = en().localeError;
type Values = z.output<typeof schema>;

/** The environment as the schema gives it, plus what follows from several variables together. */
export interface Config extends Readonly<Values> {
  /** Name of this worker in records, logs and as the broker's consumer: the pod's name, or `worker-<WORKER_ID>`. */
  readonly workerName: string;
  /** Index of this worker in static mode. */
  readonly workerIndex: number;
  /** What programs that the worker starts inherit: the environment without TTG's own settings and secrets. */
  readonly childEnvironment: Readonly<Record<string, string>>;
}

/** Settings that a program may want to know, too. */
const SHARED = ['POD_NAME', 'NODE_NAME', 'POD_NAMESPACE'];

/** Whether `ttg run` has the run on this machine, which decides what helps: nobody else has the embedded broker. */
export const runsHere = ({ QUEUE_BACKEND }: Pick<Config, 'QUEUE_BACKEND'>): boolean => QUEUE_BACKEND === 'embedded';

/**
 * @param env usually process.env; an empty value counts as not set
 * @throws ConfigError naming every variable that is wrong, with its limits
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.keys(ENVIRONMENT).flatMap((key) => (env[key] ? [[key, env[key]]] : [])));
  const parsed = z.safeParse(schema, given, { error: LIMITS });
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (i) => `${i.path.join('.')}=${JSON.stringify(given[String(i.path[0])])}: ${i.message}`,
    );
    throw new ConfigError(
      `environment: ${faults.join('; ')}. Set the variable within its limits, or leave it out for its default`,
    );
  }
  const values = parsed.data;
  checkTogether(values);
  const workerName = values.POD_NAME || `worker-${values.WORKER_ID}`;
  return Object.freeze({
    ...values,
    workerName,
    workerIndex: values.JOB_COMPLETION_INDEX ?? workerIndex(values),
    childEnvironment: childEnvironment(env),
  });
}

/** @returns why the text is no value of this variable, for whoever gives it under another name; undefined where it is */
export function unfitSetting(name: keyof typeof ENVIRONMENT, given: string): string | undefined {
  return z.safeParse(ENVIRONMENT[name], given, { error: LIMITS }).error?.issues[0]?.message;
}

function childEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const isShared = (name: string, value: string): boolean =>
    !(name in ENVIRONMENT) || (SHARED.includes(name) && value !== '');
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => isShared(entry[0], entry[1] ?? '')),
  );
}

function workerIndex(values: Values): number {
  const index = Number(values.WORKER_ID);
  if (values.QUEUE_MODE || (Number.isInteger(index) && index >= 0)) return Number.isInteger(index) ? index : 0;
  throw new ConfigError(
    `environment: WORKER_ID=${JSON.stringify(values.WORKER_ID)} must be a whole number from 0 in static mode (QUEUE_MODE=false)`,
  );
}

function checkTogether(v: Values): void {
  if (v.QUEUE_MODE && v.QUEUE_BACKEND === 'redis' && v.RETRY_DELAY_MS > v.STALE_THRESHOLD_MS) {
    throw new ConfigError(
      `environment: RETRY_DELAY_MS=${v.RETRY_DELAY_MS} may not exceed STALE_THRESHOLD_MS=${v.STALE_THRESHOLD_MS} on Redis, ` +
        'where a delayed retry is a lease that falls due: raise STALE_THRESHOLD_MS or lower RETRY_DELAY_MS',
    );
  }
  if (v.QUEUE_MODE && v.QUEUE_BACKEND === 'embedded' && !v.EMBEDDED_SOCKET) {
    throw new ConfigError(
      'environment: QUEUE_BACKEND=embedded needs EMBEDDED_SOCKET, the path of the socket that `ttg run` listens on: it ' +
        'sets both for its own workers. Set it, or take redis or rabbitmq',
    );
  }
  if (v.TOTAL_PARAMETERS / v.CHUNK_SIZE > 20_000_000) {
    throw new ConfigError(
      `environment: TOTAL_PARAMETERS=${v.TOTAL_PARAMETERS} in chunks of CHUNK_SIZE=${v.CHUNK_SIZE} are more than 20,000,000 chunks: raise CHUNK_SIZE`,
    );
  }
}
