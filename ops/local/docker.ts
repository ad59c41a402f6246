/** A local broker as a container. Files go in by `docker cp`, so the engine may live on another machine's disk. */
import { rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Server,
  type Spec,
  type Engine,
  ERLANG_ARGS,
  RABBITMQ_PLUGINS,
  rabbitmqConfig,
  redisConfig,
} from './config.js';
import { messageOf } from '../script/stop.js';
import { run } from './guard.js';

const IMAGES = {
  redis: () => process.env['TTG_REDIS_IMAGE'] || 'redis:8',
  rabbitmq: () => process.env['TTG_RABBITMQ_IMAGE'] || 'rabbitmq:4-management',
};

/** Why Docker cannot give this broker, or undefined if it can. Pulls the image if the engine lacks it. */
export async function dockerObstacle(backend: Server): Promise<string | undefined> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 10_000 });
  } catch (error) {
    return `no Docker engine answers (${messageOf(error)})`;
  }
  const image = IMAGES[backend]();
  try {
    await run('docker', ['image', 'inspect', image]);
    return undefined;
  } catch {
    return run('docker', ['pull', '--quiet', image], { timeoutMs: 180_000 }).then(
      () => undefined,
      (error: unknown) => `image ${image} is neither present nor can it be pulled (${messageOf(error)})`,
    );
  }
}

export function docker(spec: Spec): Engine {
  let created = false;
  return {
    async start() {
      if (!created) await create(spec);
      created = true;
      await run('docker', ['start', spec.name]);
    },
    async kill9() {
      await run('docker', ['kill', '--signal', 'KILL', spec.name]);
      await run('docker', ['wait', spec.name]);
    },
    async edit(inside, change) {
      const copy = join(spec.dir, 'edit');
      const data = `${spec.name}:${spec.backend === 'redis' ? '/data' : '/var/lib/rabbitmq'}`;
      rmSync(copy, { recursive: true, force: true });
      await run('docker', ['cp', '--archive', `${data}/${inside}`, copy]);
      await change(copy);
      await run('docker', ['cp', '--archive', `${copy}/.`, `${data}/${inside}`]);
    },
    async failure() {
      const state = await run('docker', ['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', spec.name]);
      return state.startsWith('exited') ? `ended (${state.trim()})` : undefined;
    },
    output: () => run('docker', ['logs', '--tail', '40', spec.name]),
  };
}

async function create(spec: Spec) {
  const isRedis = spec.backend === 'redis';
  const publish = (host: number, inside: number) => ['--publish', `127.0.0.1:${host}:${inside}`];
  // RabbitMQ names its data directory after the host.
  const args = ['create', '--name', spec.name, '--hostname', 'ttg', '--label', `ttg.local-broker=${spec.backend}`];
  if (spec.keep) {
    mkdirSync(join(spec.dir, 'data'), { recursive: true });
    args.push('--volume', `${join(spec.dir, 'data')}:${isRedis ? '/data' : '/var/lib/rabbitmq'}`);
  }
  if (isRedis) {
    await run('docker', [...args, ...publish(spec.port, 6379), IMAGES.redis(), 'redis-server', '/etc/ttg-redis.conf']);
    await copy(
      spec,
      'redis.conf',
      redisConfig(spec, { bind: '0.0.0.0', port: 6379, data: '/data' }),
      '/etc/ttg-redis.conf',
    );
    return;
  }
  args.push('--env', `RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=${ERLANG_ARGS}`);
  await run('docker', [
    ...args,
    ...publish(spec.port, 5672),
    ...publish(spec.managementPort, 15_672),
    IMAGES.rabbitmq(),
  ]);
  const config = rabbitmqConfig(spec, { bind: '0.0.0.0', port: 5672, managementPort: 15_672 });
  await copy(spec, 'rabbitmq.conf', config, '/etc/rabbitmq/conf.d/90-ttg.conf');
  await copy(spec, 'enabled_plugins', RABBITMQ_PLUGINS, '/etc/rabbitmq/enabled_plugins');
}

async function copy(spec: Spec, name: string, text: string, target: string) {
  const source = join(spec.dir, name);
  // Readable for the broker's user in the container; on this machine the directory above is ours alone.
  writeFileSync(source, text, { mode: 0o644 });
  await run('docker', ['cp', source, `${spec.name}:${target}`]);
}
