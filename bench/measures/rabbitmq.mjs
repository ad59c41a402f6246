/** RabbitMQ: the real seeder and worker against amqplib alone, on the same broker, in rounds that take turns. */
import { startBroker } from '../../scripts/lib/local-broker.mjs';
import { median } from '../lib/figures.mjs';
import { answer, run } from '../lib/process.mjs';
import { seed, timeOf, work } from '../lib/ttg.mjs';

/** @param {import('../main.mjs').Bench} bench */
export async function rabbitmq(bench) {
  const { figures, quick, root } = bench;
  const broker = await startBroker('rabbitmq', { provider: 'path', log: () => {} });
  const env = { AMQP_URL: `amqp://${broker.user}:${broker.password}@${broker.host}:${broker.port}` };
  const bare = async (/** @type {string} */ verb, /** @type {number} */ n) => answer(await run(process.execPath, [bench.peer('bare-amqp.mjs'), verb, String(n)], { env })).rate;
  const chunks = quick ? 5000 : 50_000;
  /** @type {Record<string, number[]>} */
  const of = { barePublish: [], bareConsume: [], bareProcess: [], publish: [], process: [], publishCpu: [], processCpu: [], publishRatio: [], processRatio: [], two: [] };
  try {
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      const limitPublish = await bare('publish', chunks);
      const limitConsume = await bare('consume', chunks);
      await bare('publish', chunks);
      const limitProcess = await bare('process', chunks);
      const ours = await once({ root, broker, chunks, size: 1 }, round * 2, 1);
      of.barePublish?.push(limitPublish);
      of.bareConsume?.push(limitConsume);
      of.bareProcess?.push(limitProcess);
      of.publish?.push(ours.seeded.rate);
      of.publishCpu?.push(ours.seeded.cpuMicros);
      of.process?.push(ours.worked.rate);
      of.processCpu?.push(ours.worked.cpuMicros);
      of.publishRatio?.push(ours.seeded.rate / limitPublish);
      of.processRatio?.push(ours.worked.rate / limitProcess);
      if (!quick) of.two?.push((await once({ root, broker, chunks, size: 1 }, round * 2 + 1, 2)).worked.rate);
    }
    const middle = (/** @type {string} */ name) => median(of[name] ?? []);
    figures.add({ area: 'RabbitMQ publish', what: 'amqplib, confirms in windows of 1,000', value: middle('barePublish'), unit: '/s', note: 'limit' });
    figures.add({ area: 'RabbitMQ publish', what: `TTG, ${chunks} chunks`, value: middle('publish'), unit: '/s', cpuMicros: middle('publishCpu') });
    figures.add({ area: 'RabbitMQ process', what: 'amqplib, acks, prefetch 50, nothing recorded', value: middle('bareConsume'), unit: '/s', note: 'limit' });
    figures.add({ area: 'RabbitMQ process', what: 'amqplib, prefetch 50, a record confirmed before each ack', value: middle('bareProcess'), unit: '/s', note: 'limit' });
    figures.add({ area: 'RabbitMQ process', what: `TTG, ${chunks} chunks of 1, 1 worker`, value: middle('process'), unit: '/s', cpuMicros: middle('processCpu') });
    if (!quick) figures.add({ area: 'RabbitMQ process', what: `TTG, ${chunks} chunks of 1, 2 workers`, value: middle('two'), unit: '/s' });
    figures.target('RabbitMQ: publish ÷ bare amqplib', middle('publishRatio'), '>=', 0.7);
    figures.target('RabbitMQ: process ÷ bare amqplib with the same confirms and acks', middle('processRatio'), '>=', 0.7);
  } finally {
    await broker.stop();
  }
}

/** The log is a stream, which cannot be asked for its last record; a worker's last line comes a confirm earlier. @param {string[]} outs */
const lastBatchAt = async (outs) => Math.max(...outs.map((out) => timeOf(out, 'batch done', -1)));

/** Each run with queues of its own. @param {import('../lib/ttg.mjs').Job} job @param {number} index @param {number} workers */
async function once(job, index, workers) {
  const own = { ...job, env: { QUEUE_PREFIX: `bench${index}` } };
  const seeded = await seed(own);
  const worked = await work(own, workers, lastBatchAt);
  return { seeded, worked };
}
