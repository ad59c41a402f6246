/** Celery's or RQ's worker on a queue that is full, until the mark of its last task is there. */
import { join } from 'node:path';
import { start } from './process.mjs';

/**
 * @param {import('./redis.mjs').BenchRedis} redis @param {{ bin: string }} python
 * @param {'celery' | 'rq'} kind @param {number} n @param {Record<string, string>} env @returns {Promise<number>} tasks
 *   a second
 */
export async function pythonWorker(redis, python, kind, n, env) {
  const celery = [
    '-A',
    'tasks',
    '--quiet',
    'worker',
    '--loglevel=WARNING',
    '--concurrency=1',
    '--without-gossip',
    '--without-mingle',
  ];
  const rq = ['worker', '--url', redis.url, '--worker-class', 'rq.worker.SimpleWorker', '--burst', '--quiet'];
  const running = start(join(python.bin, kind), kind === 'celery' ? celery : rq, {
    env,
    cwd: env['PYTHONPATH'] ?? '.',
  });
  const waiter = redis.client.duplicate();
  try {
    const key = `bench:${kind}`;
    const first = await waiter.blpop(key, 60);
    const last = await waiter.blpop(key, 120);
    if (!first || !last) throw new Error(`${kind}: its worker did not finish ${n} tasks`);
    return n / (Number(last[1]) - Number(first[1]));
  } finally {
    waiter.disconnect();
    running.child.kill('SIGKILL');
    await running.ended;
  }
}
