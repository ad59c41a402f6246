/** RabbitMQ: the real seeder and worker against amqplib alone, on the same broker, in rounds that take turns. */
import { median } from '../lib/figures.mjs';
import { answer, run } from '../lib/process.mjs';
import { lastBatchAt, seed, work } from '../lib/ttg.mjs';
import { ADD } from './publish.mjs';

/** @param {import('../main.mjs').Bench} bench */
export async function rabbitmq(bench) {
  const { figures, quick, root } = bench;
  const { broker, url, fresh } = await bench.rabbitmq();
  const bare = async (/** @type {string} */ verb, /** @type {number} */ n) =>
    answer(await run(process.execPath, [bench.peer('bare-amqp.mjs'), verb, String(n)], { env: { AMQP_URL: url } }))
      .rate;
  const chunks = quick ? 5000 : 25_000;
  /** @type {Record<string, number[]>} */
  const of = {
    barePublish: [],
    bareConsume: [],
    bareProcess: [],
    publish: [],
    process: [],
    publishCpu: [],
    processCpu: [],
    publishRatio: [],
    processRatio: [],
    two: [],
  };
  const once = async (/** @type {number} */ workers) => {
    const job = { root, broker, chunks, size: 1, env: fresh() };
    const seeded = await seed(job);
    return { seeded, worked: await work(job, workers, lastBatchAt) };
  };
  for (let round = 0; round < (quick ? 1 : 4); round++) {
    const limitPublish = await bare('publish', chunks);
    const limitProcess = await bare('process', chunks);
    const ours = await once(1);
    of.barePublish?.push(limitPublish);
    of.bareProcess?.push(limitProcess);
    of.publish?.push(ours.seeded.rate);
    of.publishCpu?.push(ours.seeded.cpuMicros);
    of.process?.push(ours.worked.rate);
    of.processCpu?.push(ours.worked.cpuMicros);
    of.publishRatio?.push(ours.seeded.rate / limitPublish);
    of.processRatio?.push(ours.worked.rate / limitProcess);
  }
  await bare('publish', chunks);
  of.bareConsume?.push(await bare('consume', chunks));
  if (!quick) of.two?.push((await once(2)).worked.rate);
  const middle = (/** @type {string} */ name) => median(of[name] ?? []);
  figures.add({
    area: 'RabbitMQ publish',
    what: 'amqplib, confirms in windows of 1,000',
    value: middle('barePublish'),
    unit: '/s',
    note: 'limit',
  });
  figures.add({
    area: 'RabbitMQ publish',
    what: `TTG, ${chunks} chunks`,
    value: middle('publish'),
    unit: '/s',
    cpuMicros: middle('publishCpu'),
  });
  figures.add({
    area: 'RabbitMQ process',
    what: 'amqplib, acks, prefetch 50, nothing recorded',
    value: middle('bareConsume'),
    unit: '/s',
    note: 'limit',
  });
  figures.add({
    area: 'RabbitMQ process',
    what: 'amqplib, prefetch 50, a record confirmed before each ack',
    value: middle('bareProcess'),
    unit: '/s',
    note: 'limit',
  });
  figures.add({
    area: 'RabbitMQ process',
    what: `TTG, ${chunks} chunks of 1, 1 worker`,
    value: middle('process'),
    unit: '/s',
    cpuMicros: middle('processCpu'),
  });
  if (!quick)
    figures.add({
      area: 'RabbitMQ process',
      what: `TTG, ${chunks} chunks of 1, 2 workers`,
      value: middle('two'),
      unit: '/s',
    });
  figures.target('RabbitMQ: publish ÷ bare amqplib', middle('publishRatio'), '>=', 0.7);
  figures.target('RabbitMQ: process ÷ bare amqplib with the same confirms and acks', middle('processRatio'), '>=', 0.7);
  await celery(bench, url).catch((error) => figures.leaveOut('Celery over RabbitMQ', error));
}

/**
 * Its marks go to Redis, as with Redis as its broker. @param {import('../main.mjs').Bench} bench @param {string} url
 */
async function celery(bench, url) {
  if (!bench.peers.python) return;
  const n = bench.quick ? 300 : 4000;
  await bench.redis.fresh();
  const env = { BROKER_URL: url, REDIS_URL: bench.redis.url, LAST: String(n - 1), PYTHONPATH: bench.peer('.') };
  const { rate } = answer(await run(bench.peers.python.python, ['-c', ADD, 'celery', String(n)], { env }));
  bench.figures.add({ area: 'RabbitMQ publish', what: 'Celery', value: rate, unit: '/s' });
  bench.figures.add({
    area: 'RabbitMQ process',
    what: 'Celery, 1 process, empty tasks',
    value: await bench.pythonWorker('celery', n, env),
    unit: '/s',
  });
}
