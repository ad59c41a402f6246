/** Starts a real broker on this machine, for tests and the local demo, and leaves nothing behind. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Provider, Backend, Server, Spec } from './config.js';
import { startCoordinatorProcess } from './coordinator.js';
import { dockerObstacle, docker } from './docker.js';
import { guard } from './guard.js';
import { findProgram, native } from './native.js';
import { packagesObstacle, installPackage, remedy } from './packages.js';
import type { LocalBroker, Options } from './local-broker.js';
import { freePorts } from './ports.js';
import { aof, waitUntilReady } from './ready.js';

export type { LocalBroker, Options } from './local-broker.js';

const PROVIDERS: readonly Provider[] = ['docker', 'path', 'packages'];

const READY_WITHIN_MS = 120_000;

/**
 * What can run this broker here, best first; `packages` only where the program is not yet installed.
 * @param explain called with the reason for each that cannot
 */
export async function availableProviders(
  backend: Backend,
  explain: (reason: string) => void = () => {},
): Promise<Provider[]> {
  if (backend === 'embedded') return ['path'];
  const available: Provider[] = [];
  for (const provider of PROVIDERS) {
    const obstacle = await findObstacle(provider, backend);
    if (obstacle === undefined) available.push(provider);
    else explain(`${provider}: ${obstacle}`);
  }
  return available;
}

/**
 * The broker that is wanted, or, where this machine has no way to it, the embedded one, which needs nothing: aloud,
 * since it is another broker that is shown then.
 */
export async function backendHere(wanted: Backend, say: (line: string) => void): Promise<Backend> {
  const reasons: string[] = [];
  if ((await availableProviders(wanted, (reason) => reasons.push(reason))).length > 0) return wanted;
  say(`no way to start ${wanted} on this machine (${reasons.join('; ')}): using the embedded broker instead`);
  return 'embedded';
}

async function findObstacle(provider: Provider, backend: Server): Promise<string | undefined> {
  if (provider === 'docker') return dockerObstacle(backend);
  const installed = findProgram(backend);
  if (provider === 'path') return installed ? undefined : `${backend}-server is not installed`;
  return installed ? `${installed} is installed already` : packagesObstacle();
}

/** @returns ready: it answers to `user` and `password` */
export async function startBroker(backend: Backend, options: Options = {}): Promise<LocalBroker> {
  const log = options.log ?? ((line) => void process.stderr.write(`${line}\n`));
  if (backend === 'embedded') return startCoordinatorProcess({ ...options, log });
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
      socket: '',
      managementPort,
      user,
      password,
      env: environment(spec),
      kill9: engine.kill9,
      restart: start,
      ...aof(spec, engine),
      tearLog: () => Promise.reject(new Error(`${backend}: nobody here knows how to tear its log`)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Docker if an engine answers, else what is installed, else Debian's packages; said aloud. */
async function choose(backend: Server, log: (line: string) => void) {
  const reasons: string[] = [];
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

function installedProgram(backend: Server) {
  const program = findProgram(backend);
  if (!program) throw new Error(`${backend}-server is not installed. Do one of these:\n${remedy(backend)}`);
  return program;
}

async function specify(backend: Server, options: Options): Promise<Spec> {
  const id = randomBytes(4).toString('hex');
  const keep = options.persistDir !== undefined;
  const dir = keep ? resolve(options.persistDir as string) : mkdtempSync(join(tmpdir(), `ttg-${backend}-`));
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

/** What leads a process to this broker, and through a proxy of it to another address. */
export function addressOf({ backend, port, socket }: Pick<LocalBroker, 'backend' | 'port' | 'socket'>): {
  variable: string;
  address: number | string;
} {
  const variable = { redis: 'REDIS_PORT', rabbitmq: 'RABBITMQ_PORT', embedded: 'EMBEDDED_SOCKET' }[backend];
  return { variable, address: socket || port };
}

/** RabbitMQ keeps the password in its data, so data that is kept needs the password kept. */
function keptPassword(dir: string) {
  const file = join(dir, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(12).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

function environment(spec: Spec): Record<string, string> {
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
