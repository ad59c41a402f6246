/** BullMQ with empty jobs: `add N`, `work N CONCURRENCY` or `latency N`; prints its figures as JSON. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , verb, count, concurrency = '1'] = process.argv;
const { Queue, QueueEvents, Worker } = createRequire(join(process.env['BULLMQ_DIR'] ?? '', 'x.js'))('bullmq');
const connection = {
  host: process.env['REDIS_HOST'],
  port: Number(process.env['REDIS_PORT']),
  password: process.env['REDIS_PASSWORD'],
  maxRetriesPerRequest: null,
};
const n = Number(count);
const QUEUE = 'bench';
const WINDOW = 1000;

async function add() {
  const queue = new Queue(QUEUE, { connection });
  await queue.waitUntilReady();
  const job = (/** @type {number} */ i) => ({
    name: 'x',
    data: { start: i, end: i },
    opts: { removeOnComplete: true },
  });
  const started = performance.now();
  for (let i = 0; i < n; i += WINDOW)
    await queue.addBulk(Array.from({ length: Math.min(WINDOW, n - i) }, (_, k) => job(i + k)));
  return { rate: (n / (performance.now() - started)) * 1000 };
}

async function work() {
  let done = 0;
  let started = 0;
  await new Promise((resolve) => {
    const worker = new Worker(
      QUEUE,
      async () => {
        started ||= performance.now();
      },
      { connection, concurrency: Number(concurrency) },
    );
    worker.on('completed', () => ++done === n && resolve(undefined));
  });
  return { rate: (n / (performance.now() - started)) * 1000 };
}

async function latency() {
  const queue = new Queue(QUEUE, { connection });
  const events = new QueueEvents(QUEUE, { connection });
  const worker = new Worker(QUEUE, async () => {}, { connection });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);
  const millis = [];
  for (let i = 0; i < n; i++) {
    const started = performance.now();
    const job = await queue.add('x', { i }, { removeOnComplete: true });
    await job.waitUntilFinished(events, 5000).catch(() => {});
    millis.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { millis };
}

const figures = await { add, work, latency }[/** @type {'add' | 'work' | 'latency'} */ (verb)]();
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
