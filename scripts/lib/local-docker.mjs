/** A local broker as a container. Files go in by `docker cp`, so the engine may live on another machine's disk. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERLANG_ARGS, RABBITMQ_PLUGINS, rabbitmqConfig, redisConfig } from './local-config.mjs';
import { run } from './local-run.mjs';

/** @typedef {import('./local-config.mjs').Spec} Spec */

const IMAGES = {
  redis: () => process.env['TTG_REDIS_IMAGE'] || 'redis:8',
  rabbitmq: () => process.env['TTG_RABBITMQ_IMAGE'] || 'rabbitmq:4-management',
};

/**
 * Why Docker cannot give this broker, or undefined if it can. Pulls the image if the engine lacks it.
 * @param {import('./local-config.mjs').Backend} backend
 * @returns {Promise<string | undefined>}
 */
export async function dockerObstacle(backend) {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 10_000 });
  } catch (error) {
    return `no Docker engine answers (${/** @type {Error} */ (error).message})`;
  }
  const image = IMAGES[backend]();
  try {
    await run('docker', ['image', 'inspect', image]);
    return undefined;
  } catch {
    return run('docker', ['pull', '--quiet', image], { timeoutMs: 180_000 }).then(
      () => undefined,
      (error) => `image ${image} is neither present nor can it be pulled (${error.message})`,
    );
  }
}

/**
 * @param {Spec} spec
 * @returns {import('./local-config.mjs').Engine}
 */
export function docker(spec) {
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

/** @param {Spec} spec */
async function create(spec) {
  const isRedis = spec.backend === 'redis';
  const publish = (/** @type {number} */ host, /** @type {number} */ inside) => [
    '--publish',
    `127.0.0.1:${host}:${inside}`,
  ];
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

/**
 * @param {Spec} spec
 * @param {string} name
 * @param {string} text
 * @param {string} target
 */
async function copy(spec, name, text, target) {
  const source = join(spec.dir, name);
  // Readable for the broker's user in the container; on this machine the directory above is ours alone.
  writeFileSync(source, text, { mode: 0o644 });
  await run('docker', ['cp', source, `${spec.name}:${target}`]);
}
