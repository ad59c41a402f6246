/**
 * Runs each entry once while the image is built, so that Node's compile cache (NODE_COMPILE_CACHE) is filled and a pod
 * does not compile again what every pod compiles. Node tells caches apart by its version, the machine's kind and the
 * user: it must run as the user that pods have. There is no broker here: what fails for want of one has been compiled
 * by then.
 */
import { spawnSync } from 'node:child_process';

const NOWHERE = {
  REDIS_HOST: '127.0.0.1',
  REDIS_PORT: '1',
  RABBITMQ_HOST: '127.0.0.1',
  RABBITMQ_PORT: '1',
  CONNECT_TIMEOUT_SECONDS: '1',
};
const QUEUE = { ...NOWHERE, QUEUE_MODE: 'true' };

/** @type {[file: string, args: string[], env: Record<string, string>][]} */
const RUNS = [
  ['worker.js', [], { WORKER_ID: '0', TOTAL_WORKERS: '1', TOTAL_PARAMETERS: '1000', SIMULATE_WORK_MS: '0' }],
  ['worker.js', [], { ...QUEUE, QUEUE_BACKEND: 'redis' }],
  ['worker.js', [], { ...QUEUE, QUEUE_BACKEND: 'rabbitmq' }],
  ['seeder.js', [], { ...QUEUE, QUEUE_BACKEND: 'redis' }],
  ['seeder.js', [], { ...QUEUE, QUEUE_BACKEND: 'rabbitmq' }],
  ['ttg.js', ['verify'], { ...QUEUE, QUEUE_BACKEND: 'redis' }],
  ['ttg.js', ['verify'], { ...QUEUE, QUEUE_BACKEND: 'rabbitmq' }],
];

for (const [file, args, env] of RUNS) {
  const { status, error } = spawnSync(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
    timeout: 30_000,
  });
  console.log(
    `${file} ${args.join(' ')} ${env['QUEUE_BACKEND'] ?? 'without a broker'}: ${error ? error.message : `status ${status}`}`,
  );
}
