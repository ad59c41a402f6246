/**
 * Recovery on both brokers: kill -9 of a worker in the middle of a chunk, until another worker has completed that
 * chunk.
 */
import { join } from 'node:path';
import { start } from '../lib/process.mjs';
import { environment, firstLine, logLines, seed } from '../lib/ttg.mjs';

const STALE_MS = 5000;
const WORK_MS = 200;

/** @param {import('../main.mjs').Bench} bench */
export async function recovery(bench) {
  const { redis, rabbitmq, figures } = bench;
  await redis.fresh();
  figures.add({
    area: 'Redis recovery',
    what: 'threshold and the chunk itself',
    value: STALE_MS + WORK_MS,
    unit: 'ms',
    note: 'limit',
  });
  const onRedis = await killOne(bench, redis.broker, {});
  figures.add({
    area: 'Redis recovery',
    what: 'kill -9 to the record by another worker',
    value: onRedis,
    unit: 'ms',
    note: `STALE_THRESHOLD_MS=${STALE_MS}`,
  });
  const { broker, fresh } = await rabbitmq();
  figures.add({ area: 'RabbitMQ recovery', what: 'the chunk itself', value: WORK_MS, unit: 'ms', note: 'limit' });
  const onRabbitmq = await killOne(bench, broker, fresh());
  figures.add({
    area: 'RabbitMQ recovery',
    what: 'kill -9 to the record by another worker',
    value: onRabbitmq,
    unit: 'ms',
    note: 'the broken connection tells the broker',
  });
}

/**
 * @param {import('../main.mjs').Bench} bench @param {import('../lib/ttg.mjs').LocalBroker} broker @param
 *   {Record<string, string>} queues
 */
async function killOne({ root }, broker, queues) {
  const env = {
    ...queues,
    SIMULATE_WORK_MS: String(WORK_MS),
    STALE_THRESHOLD_MS: String(STALE_MS),
    STALE_CHECK_INTERVAL_SECONDS: '1',
    LOG_LEVEL: 'DEBUG',
  };
  const job = { root, broker, chunks: 30, size: 1, env };
  await seed(job);
  const launch = (/** @type {string} */ name) =>
    start(process.execPath, [join(root, 'dist/worker/main.js')], { env: environment(job, name) });
  const victim = launch('victim');
  const heir = launch('heir');
  const count = (/** @type {string} */ msg) => logLines(victim.output()).filter((line) => line.msg === msg).length;
  await until(
    () =>
      count('chunk started') >= 4 &&
      count('chunk started') > count('chunk complete') &&
      firstLine(heir.output(), 'chunk complete') !== undefined,
  );
  victim.child.kill('SIGKILL');
  const killed = Date.now();
  await victim.ended;
  const { out } = await heir.ended;
  const again = logLines(out).find((line) => line.msg === 'chunk complete' && line['attempt'] > 1);
  if (!again) throw new Error("recovery: nobody completed the killed worker's chunk");
  return Date.parse(again.time) - killed;
}

/** @param {() => boolean} condition */
async function until(condition) {
  for (const deadline = performance.now() + 40_000; !condition();) {
    if (performance.now() > deadline) throw new Error('recovery: not within 40 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
