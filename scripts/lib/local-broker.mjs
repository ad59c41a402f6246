/** Starts a real broker on this machine, for tests and the local demo, and leaves nothing behind. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { docker, dockerObstacle } from './local-docker.mjs';
import { guard } from './local-guard.mjs';
import { aof } from './local-aof.mjs';
import { findProgram, native } from './local-native.mjs';
import { installPackage, packagesObstacle, remedy } from './local-packages.mjs';
import { waitUntilReady } from './local-ready.mjs';

/**
 * @typedef {import('./local-config.mjs').Backend} Backend
 * @typedef {import('./local-config.mjs').Provider} Provider
 * @typedef {import('./local-config.mjs').Spec} Spec
 *
 * @typedef {object} Options
 * @property {Provider} [provider] where the broker comes from; chosen when omitted
 * @property {(line: string) => void} [log] standard error when omitted
 * @property {string} [persistDir] keeps the data there after the end, and starts on what is there
 * @property {'always' | 'everysec'} [appendfsync] Redis: `always` loses nothing to kill -9; default `everysec`, as in the chart
 * @property {string} [maxmemory] Redis: as in redis.conf, for example `64mb`
 * @property {readonly string[]} [settings] Redis: further lines of redis.conf
 *
 * @typedef {object} LocalBroker
 * @property {Backend} backend
 * @property {Provider} provider
 * @property {string} host
 * @property {number} port
 * @property {number} managementPort RabbitMQ's HTTP API; 0 on Redis
 * @property {string} user empty on Redis
 * @property {string} password
 * @property {Record<string, string>} env QUEUE_BACKEND and the variables that connect to it
 * @property {() => Promise<void>} kill9 kills it without warning, the Erlang VM itself included
 * @property {() => Promise<void>} restart after kill9: on the same data and ports; resolves when ready
 * @property {() => Promise<number>} logBytes Redis: how long its append-only file is
 * @property {(bytes: number) => Promise<void>} cutLog Redis, after kill9: cuts so many bytes off that file's end, as a loss of power does
 * @property {() => Promise<void>} stop ends it and removes everything, but for what is in `persistDir`
 */

/** @type {readonly Provider[]} */
const PROVIDERS = ['docker', 'path', 'packages'];
const READY_WITHIN_MS = 120_000;

/**
 * What can run this broker here, best first; `packages` only where the program is not yet installed.
 * @param {Backend} backend
 * @param {(reason: string) => void} [explain] called with the reason for each that cannot
 * @returns {Promise<Provider[]>}
 */
export async function availableProviders(backend, explain = () => {}) {
  /** @type {Provider[]} */
  const available = [];
  for (const provider of PROVIDERS) {
    const obstacle = await findObstacle(provider, backend);
    if (obstacle === undefined) available.push(provider);
    else explain(`${provider}: ${obstacle}`);
  }
  return available;
}

/**
 * @param {Provider} provider
 * @param {Backend} backend
 * @returns {Promise<string | undefined>}
 */
async function findObstacle(provider, backend) {
  if (provider === 'docker') return dockerObstacle(backend);
  const installed = findProgram(backend);
  if (provider === 'path') return installed ? undefined : `${backend}-server is not installed`;
  return installed ? `${installed} is installed already` : packagesObstacle();
}

/**
 * @param {Backend} backend
 * @param {Options} [options]
 * @returns {Promise<LocalBroker>} ready: it answers to `user` and `password`
 */
export async function startBroker(backend, options = {}) {
  const log = options.log ?? ((line) => void process.stderr.write(`${line}\n`));
  const provider = options.provider ?? (await choose(backend, log));
  if (provider === 'packages' && !findProgram(backend)) {
    log(`${backend}: installing ${backend}-server with apt-get`);
    await installPackage(backend);
  }
  const spec = await specify(backend, options);
  const stop = guard({ dir: spec.dir, keep: spec.keep, container: provider === 'docker' ? spec.name : undefined });
  try {
    const engine = provider === 'docker' ? docker(spec) : native(spec, installedProgram(backend));
    const start = async () => {
      await engine.start();
      await waitUntilReady(spec, engine, READY_WITHIN_MS);
    };
    await start();
    log(`${backend}: started by ${provider} on 127.0.0.1:${spec.port}`);
    const { port, managementPort, user, password } = spec;
    return {
      backend,
      provider,
      host: '127.0.0.1',
      port,
      managementPort,
      user,
      password,
      env: environment(spec),
      kill9: engine.kill9,
      restart: start,
      ...aof(spec, engine),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Docker if an engine answers, else what is installed, else Debian's packages; said aloud. */
async function choose(/** @type {Backend} */ backend, /** @type {(line: string) => void} */ log) {
  /** @type {string[]} */
  const reasons = [];
  const [first] = await availableProviders(backend, (reason) => reasons.push(reason));
  if (!first)
    throw new Error(
      `no way to start ${backend} on this machine:\n  ${reasons.join('\n  ')}\nDo one of these:\n${remedy(backend)}`,
    );
  const passedOver = reasons.filter(
    (reason) => PROVIDERS.findIndex((p) => reason.startsWith(`${p}:`)) < PROVIDERS.indexOf(first),
  );
  log(`${backend}: using ${first}${passedOver.length > 0 ? ` (${passedOver.join('; ')})` : ''}`);
  return first;
}

/** @param {Backend} backend */
function installedProgram(backend) {
  const program = findProgram(backend);
  if (!program) throw new Error(`${backend}-server is not installed. Do one of these:\n${remedy(backend)}`);
  return program;
}

/**
 * @param {Backend} backend
 * @param {Options} options
 * @returns {Promise<Spec>}
 */
async function specify(backend, options) {
  const id = randomBytes(4).toString('hex');
  const keep = options.persistDir !== undefined;
  const dir = keep
    ? resolve(/** @type {string} */ (options.persistDir))
    : mkdtempSync(join(tmpdir(), `ttg-${backend}-`));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const [port, managementPort, distPort, epmdPort] = await freePorts(backend === 'redis' ? 1 : 4);
  return {
    backend,
    // With kept data the name must stay: RabbitMQ finds its data by it.
    name: keep ? 'ttg-local' : `ttg-local-${id}`,
    dir,
    keep,
    port: port ?? 0,
    managementPort: managementPort ?? 0,
    distPort: distPort ?? 0,
    epmdPort: epmdPort ?? 0,
    user: backend === 'redis' ? '' : 'ttg',
    password: keptPassword(dir),
    appendfsync: options.appendfsync ?? 'everysec',
    maxmemory: options.maxmemory,
    settings: options.settings ?? [],
  };
}

/** RabbitMQ keeps the password in its data, so data that is kept needs the password kept. */
function keptPassword(/** @type {string} */ dir) {
  const file = join(dir, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(12).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** @param {Spec} spec @returns {Record<string, string>} */
function environment(spec) {
  if (spec.backend === 'redis') {
    return {
      QUEUE_MODE: 'true',
      QUEUE_BACKEND: 'redis',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(spec.port),
      REDIS_PASSWORD: spec.password,
    };
  }
  return {
    QUEUE_MODE: 'true',
    QUEUE_BACKEND: 'rabbitmq',
    RABBITMQ_HOST: '127.0.0.1',
    RABBITMQ_PORT: String(spec.port),
    RABBITMQ_MANAGEMENT_PORT: String(spec.managementPort),
    RABBITMQ_USER: spec.user,
    RABBITMQ_PASSWORD: spec.password,
  };
}

/**
 * Below the range that the kernel gives to outgoing connections, so that none takes the port while the broker restarts.
 * @param {number} count
 */
async function freePorts(count) {
  /** @type {number[]} */
  const ports = [];
  while (ports.length < count) {
    const port = 20_000 + (randomBytes(4).readUInt32LE() % 10_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
