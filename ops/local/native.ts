/** A local broker as processes of this machine, from programs that are installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  readdirSync,
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  writeFileSync,
  openSync,
  closeSync,
  rmSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Backend,
  type Spec,
  type Engine,
  redisConfig,
  ERLANG_ARGS,
  RABBITMQ_PLUGINS,
  rabbitmqConfig,
} from './config.js';

export interface Program {
  child: ChildProcess;
  gone: Promise<string>;
}

/** @returns path of the server's program */
export function findProgram(backend: Backend): string | undefined {
  const path = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  if (backend === 'embedded') return process.execPath;
  if (backend === 'redis') return path.map((dir) => join(dir, 'redis-server')).find(isExecutable);
  // Debian's wrapper changes to the user rabbitmq, who cannot read our directory: take the script behind it.
  return [...path.flatMap(behindWrapper), ...behindWrapper('/usr/lib/rabbitmq/bin')].find(isExecutable);
}

function behindWrapper(dir: string) {
  if (!isExecutable(join(dir, 'rabbitmq-server'))) return [];
  const library = '/usr/lib/rabbitmq/lib';
  try {
    const versions = readdirSync(library)
      .filter((name) => name.startsWith('rabbitmq_server-'))
      .sort()
      .reverse();
    return [...versions.map((version) => join(library, version, 'sbin/rabbitmq-server')), join(dir, 'rabbitmq-server')];
  } catch {
    return [join(dir, 'rabbitmq-server')];
  }
}

function isExecutable(file: string) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function native(spec: Spec, program: string): Engine {
  let server: Program | undefined;
  let mapper: Program | undefined;
  let ended: string | undefined;
  return {
    async start() {
      mkdirSync(join(spec.dir, 'data'), { recursive: true });
      if (spec.backend === 'rabbitmq' && !mapper) mapper = await startPortMapper(spec);
      const started = spec.backend === 'redis' ? startRedis(spec, program) : startRabbitmq(spec, program);
      ended = undefined;
      server = started;
      void started.gone.then((how) => {
        if (server === started) ended = how;
      });
    },
    async kill9() {
      if (!server?.child.pid) throw new Error(`local ${spec.backend}: kill9 before start`);
      server.child.ref();
      // The whole group: RabbitMQ's script, the Erlang VM and its helpers.
      process.kill(-server.child.pid, 'SIGKILL');
      await server.gone;
      await portClosed(spec.port);
    },
    edit: (inside, change) => change(join(spec.dir, 'data', inside)),
    failure: async () => ended,
    output: async () => readFileSync(join(spec.dir, 'server.log'), 'utf8').split('\n').slice(-40).join('\n'),
  };
}

function startRedis(spec: Spec, program: string) {
  const file = join(spec.dir, 'redis.conf');
  const config = redisConfig(spec, { bind: '127.0.0.1', port: spec.port, data: join(spec.dir, 'data') });
  writeFileSync(file, config, { mode: 0o600 });
  return launch(spec, 'server', program, [file], process.env);
}

function startRabbitmq(spec: Spec, program: string) {
  const file = (name: string, text: string) => {
    writeFileSync(join(spec.dir, name), text, { mode: 0o600 });
    return join(spec.dir, name);
  };
  return launch(spec, 'server', program, [], {
    ...erlangEnv(spec),
    RABBITMQ_NODENAME: `${spec.name}@localhost`,
    RABBITMQ_DIST_PORT: String(spec.distPort),
    RABBITMQ_MNESIA_BASE: join(spec.dir, 'data'),
    RABBITMQ_LOG_BASE: join(spec.dir, 'log'),
    RABBITMQ_CONFIG_FILE: file(
      'rabbitmq.conf',
      rabbitmqConfig(spec, { bind: '127.0.0.1', port: spec.port, managementPort: spec.managementPort }),
    ),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins', RABBITMQ_PLUGINS),
    // The machine's own /etc/rabbitmq/rabbitmq-env.conf must not apply.
    RABBITMQ_CONF_ENV_FILE: file('rabbitmq-env.conf', ''),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${ERLANG_ARGS} -kernel inet_dist_use_interface {127,0,0,1}`,
  });
}

function erlangEnv(spec: Spec): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([key]) => !key.startsWith('RABBITMQ_') && !key.startsWith('ERL_'));
  return {
    ...Object.fromEntries(others),
    HOME: spec.dir,
    ERL_EPMD_PORT: String(spec.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
}

/** Erlang would start a daemon that outlives it; started before it and in the foreground, it is ours to end. */
async function startPortMapper(spec: Spec) {
  const mapper = launch(
    spec,
    'epmd',
    findPortMapper(),
    ['-port', String(spec.epmdPort), '-address', '127.0.0.1'],
    erlangEnv(spec),
  );
  const deadline = Date.now() + 10_000;
  while (!(await isOpen(spec.epmdPort))) {
    if (Date.now() > deadline)
      throw new Error(`local rabbitmq: epmd does not listen on 127.0.0.1:${spec.epmdPort} after 10 s`);
    await delay(20);
  }
  return mapper;
}

function findPortMapper() {
  const path = (process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'epmd'));
  const library = '/usr/lib/erlang';
  let shipped = [] as string[];
  try {
    shipped = readdirSync(library)
      .filter((name) => name.startsWith('erts-'))
      .map((name) => join(library, name, 'bin/epmd'));
  } catch {
    // No Erlang where Debian puts it: then it is on the PATH.
  }
  const found = [...path, '/usr/bin/epmd', ...shipped].find(isExecutable);
  if (!found)
    throw new Error(
      'local rabbitmq: epmd, a part of Erlang, is not on the PATH: install erlang-base, or add its directory to PATH',
    );
  return found;
}

/** A process group of its own, so that a Ctrl-C for the owner does not reach it; the guard ends it. */
export function launch(
  spec: Pick<Spec, 'dir'>,
  name: string,
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Program {
  const log = openSync(join(spec.dir, `${name}.log`), 'a', 0o600);
  const pidFile = join(spec.dir, `${name}.pid`);
  const child = spawn(program, args, { cwd: spec.dir, env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  if (child.pid) writeFileSync(pidFile, String(child.pid));
  child.unref();
  const gone: Promise<string> = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not start ${program}: ${error.message}`));
    child.once('exit', (code, signal) => {
      rmSync(pidFile, { force: true });
      resolve(`ended (${signal ?? `exit code ${code}`})`);
    });
  });
  return { child, gone };
}

async function portClosed(port: number) {
  const deadline = Date.now() + 10_000;
  while (await isOpen(port)) {
    if (Date.now() > deadline) throw new Error(`port ${port} is still open 10 s after its process was killed`);
    await delay(20);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
