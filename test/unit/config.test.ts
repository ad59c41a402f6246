import { describe, expect, it } from 'vitest';
import { ENVIRONMENT, loadConfig, type Config } from '../../core/runtime/config.js';
import { ConfigError } from '../../core/runtime/errors.js';

/** The variables that users and operators set, with their defaults: public interface. */
const PUBLIC: Partial<Config> = {
  WORKER_ID: '0',
  TOTAL_WORKERS: 3,
  TOTAL_PARAMETERS: 10_000,
  BATCH_SIZE: 500,
  CHUNK_SIZE: 100,
  SIMULATE_WORK_MS: 1,
  LOG_LEVEL: 'INFO',
  LOG_FORMAT: 'text',
  QUEUE_MODE: false,
  QUEUE_BACKEND: 'redis',
  REDIS_HOST: 'ttg-redis',
  REDIS_PORT: 6379,
  RABBITMQ_HOST: 'ttg-rabbitmq',
  RABBITMQ_PORT: 5672,
  IDLE_TIMEOUT_SECONDS: 30,
  STALE_CHECK_INTERVAL_SECONDS: 30,
  STALE_THRESHOLD_MS: 60_000,
  SIMULATE_FAULT_RATE: 0,
};

function refusal(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error(`${JSON.stringify(env)} was not refused`);
}

describe('the configuration', () => {
  it('has the 18 public variables with their defaults', () => {
    expect(Object.keys(PUBLIC)).toHaveLength(18);
    expect(loadConfig({})).toMatchObject(PUBLIC);
  });

  it('needs to know the socket of an embedded broker', () => {
    expect(refusal({ QUEUE_MODE: 'true', QUEUE_BACKEND: 'embedded' })).toMatch(/EMBEDDED_SOCKET.*ttg run/);
    const socket = { QUEUE_MODE: 'true', QUEUE_BACKEND: 'embedded', EMBEDDED_SOCKET: '/tmp/socket' };
    expect(loadConfig(socket)).toMatchObject({ QUEUE_BACKEND: 'embedded', EMBEDDED_SOCKET: '/tmp/socket' });
  });

  it('takes what is set', () => {
    const config = loadConfig({
      TOTAL_PARAMETERS: '250',
      QUEUE_MODE: 'true',
      QUEUE_BACKEND: 'rabbitmq',
      SIMULATE_FAULT_RATE: '0.25',
      KEEP_VALUES: '1',
      LOG_LEVEL: 'debug',
    });
    expect(config).toMatchObject({
      TOTAL_PARAMETERS: 250,
      QUEUE_MODE: true,
      QUEUE_BACKEND: 'rabbitmq',
      SIMULATE_FAULT_RATE: 0.25,
      KEEP_VALUES: true,
      LOG_LEVEL: 'debug',
    });
  });

  it('takes an empty value for one that is not set', () => {
    const empty = Object.fromEntries(Object.keys(ENVIRONMENT).map((key) => [key, '']));
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  it('ignores variables that are not its own', () => {
    const { childEnvironment, ...config } = loadConfig({ PATH: '/bin', TTG_REDIS_PORT: 'tcp://10.0.0.1:6379' });
    expect({ ...config, childEnvironment: {} }).toEqual(loadConfig({}));
    expect(childEnvironment).toEqual({ PATH: '/bin', TTG_REDIS_PORT: 'tcp://10.0.0.1:6379' });
  });

  it('keeps its settings and secrets from the programs that a worker starts, but tells them where they are', () => {
    const env = { HOME: '/root', POD_NAME: 'w1', REDIS_PASSWORD: 'x', LOG_LEVEL: 'DEBUG', SWEEP_FILE: '/a' };
    expect(loadConfig(env).childEnvironment).toEqual({ HOME: '/root', POD_NAME: 'w1' });
  });

  it('cannot be changed', () => {
    const config = loadConfig({}) as { TOTAL_PARAMETERS: number };
    expect(() => (config.TOTAL_PARAMETERS = 5)).toThrow(TypeError);
  });

  it.each([
    ['TOTAL_PARAMETERS', '0', '>=1'],
    ['TOTAL_PARAMETERS', '-5', '>=1'],
    ['TOTAL_PARAMETERS', '1.5', 'int'],
    ['TOTAL_PARAMETERS', 'ten', 'number'],
    ['TOTAL_PARAMETERS', '1e17', 'int'],
    ['CHUNK_SIZE', '0', '>=1'],
    ['CHUNK_SIZE', '10000001', '<=10000000'],
    ['TOTAL_WORKERS', '0', '>=1'],
    ['BATCH_SIZE', '0', '>=1'],
    ['SIMULATE_WORK_MS', '-1', '>=0'],
    ['SIMULATE_FAULT_RATE', '1.01', '<=1'],
    ['SIMULATE_FAULT_RATE', 'NaN', 'number'],
    ['QUEUE_MODE', 'yes', '"true"|"false"'],
    ['QUEUE_BACKEND', 'kafka', '"redis"|"rabbitmq"'],
    ['LOG_FORMAT', 'xml', '"text"|"json"'],
    ['LOG_LEVEL', 'TRACE', '"WARNING"'],
    ['REDIS_PORT', '0', '>=1'],
    ['REDIS_PORT', '65536', '<=65535'],
    ['RABBITMQ_PORT', 'amqp', 'number'],
    ['IDLE_TIMEOUT_SECONDS', '0', '>=1'],
    ['STALE_CHECK_INTERVAL_SECONDS', '0', '>=1'],
    ['STALE_THRESHOLD_MS', '499', '>=500'],
    ['RUN_ID', 'Run 1', 'letters'],
    ['RUN_ID', '-run', 'letters'],
    ['RUN_ID', 'a'.repeat(41), 'letters'],
    ['QUEUE_PREFIX', 'a:b', 'pattern'],
    ['JOB_COMPLETION_INDEX', '-1', '>=0'],
    ['RECEIVE_MAX', '3001', '<=3000'],
    ['MAX_RETRIES', '51', '<=50'],
  ])('refuses %s=%s, naming the variable and its limit', (name, value, limit) => {
    const message = refusal({ [name]: value });
    expect(message).toContain(`${name}="${value}"`);
    expect(message).toContain(limit);
    expect(message).toContain('Set the variable within its limits');
  });

  it.each([
    'STALE_THRESHOLD_MS',
    'RETRY_DELAY_MS',
    'CONNECT_TIMEOUT_SECONDS',
    'CHUNK_TIMEOUT_SECONDS',
    'SHUTDOWN_GRACE_SECONDS',
    'VERIFY_DEADLINE_SECONDS',
  ])('refuses a %s that a timer would take for "at once"', (name) => {
    expect(refusal({ [name]: '2147483648' })).toContain(name);
  });

  it('names every variable that is wrong at once', () => {
    const message = refusal({ CHUNK_SIZE: '0', REDIS_PORT: 'x', LOG_FORMAT: 'xml' });
    for (const name of ['CHUNK_SIZE', 'REDIS_PORT', 'LOG_FORMAT']) expect(message).toContain(name);
  });

  it('refuses more chunks than a broker can sensibly hold', () => {
    expect(refusal({ TOTAL_PARAMETERS: '20000001', CHUNK_SIZE: '1' })).toMatch(
      /TOTAL_PARAMETERS=20000001.*20,000,000 chunks: raise CHUNK_SIZE/,
    );
    expect(loadConfig({ TOTAL_PARAMETERS: '20000000', CHUNK_SIZE: '1' }).CHUNK_SIZE).toBe(1);
  });
});

describe('the retry delay', () => {
  const env = { QUEUE_MODE: 'true', RETRY_DELAY_MS: '5001', STALE_THRESHOLD_MS: '5000' };

  it('may not exceed the stale threshold on Redis, and the message says what to change', () => {
    expect(refusal(env)).toMatch(
      /RETRY_DELAY_MS=5001 may not exceed STALE_THRESHOLD_MS=5000.*raise STALE_THRESHOLD_MS or lower RETRY_DELAY_MS/,
    );
  });

  it('may equal the stale threshold', () => {
    expect(loadConfig({ ...env, RETRY_DELAY_MS: '5000' }).RETRY_DELAY_MS).toBe(5000);
  });

  it.each([{ QUEUE_BACKEND: 'rabbitmq' }, { QUEUE_MODE: 'false' }])('is not bound to it with %j', (over) => {
    expect(loadConfig({ ...env, ...over }).RETRY_DELAY_MS).toBe(5001);
  });
});

describe('the name of a worker', () => {
  it("is its pod's where there is one", () => {
    expect(loadConfig({ POD_NAME: 'ttg-worker-abc', WORKER_ID: '4' }).workerName).toBe('ttg-worker-abc');
  });

  it('is made of its id elsewhere', () => {
    expect(loadConfig({ WORKER_ID: '4' }).workerName).toBe('worker-4');
  });
});

describe('the index of a worker', () => {
  it("is the Job's completion index where there is one", () => {
    expect(loadConfig({ JOB_COMPLETION_INDEX: '2', WORKER_ID: 'pod-x', QUEUE_MODE: 'true' }).workerIndex).toBe(2);
    expect(loadConfig({ JOB_COMPLETION_INDEX: '0', WORKER_ID: '7' }).workerIndex).toBe(0);
  });

  it('is its id elsewhere', () => {
    expect(loadConfig({ WORKER_ID: '7' }).workerIndex).toBe(7);
  });

  it('may not be guessed in static mode from an id that is no number', () => {
    expect(refusal({ WORKER_ID: 'alpha' })).toMatch(/WORKER_ID="alpha" must be a whole number from 0 in static mode/);
    expect(refusal({ WORKER_ID: '-1' })).toContain('WORKER_ID');
  });

  it('does not matter with a queue', () => {
    expect(loadConfig({ WORKER_ID: 'alpha', QUEUE_MODE: 'true' })).toMatchObject({
      workerIndex: 0,
      workerName: 'worker-alpha',
    });
  });
});
