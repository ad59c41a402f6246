/**
 * One chunk through an idle system on Redis: from the call that publishes it to its record, read by another process.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quantile } from '../lib/figures.mjs';
import { answer, run, start } from '../lib/process.mjs';
import { environment } from '../lib/ttg.mjs';

const PAUSE_MS = 10;

/** @param {import('../main.mjs').Bench} bench */
export async function latency(bench) {
  const { figures, quick, redis, peers, peer } = bench;
  const area = 'Redis latency';
  const n = quick ? 200 : 1000;
  await redis.fresh();
  const add = (/** @type {string} */ what, /** @type {number[]} */ millis, /** @type {string} */ note = '') => {
    for (const [name, share] of /** @type {const} */ ([
      ['p50', 0.5],
      ['p99', 0.99],
    ])) {
      figures.add({
        area,
        what: `${what}, ${name}`,
        value: quantile(millis, share),
        unit: 'ms',
        ...(note ? { note } : {}),
      });
    }
  };
  add('bare ioredis, an echo by another process', await echo(bench, n), 'limit');
  const millis = await throughSystem(bench, n);
  add('TTG, one chunk of 1', millis);
  figures.target('Redis: one chunk through an idle system, p50', quantile(millis, 0.5), '<=', 2, ' ms');
  if (!peers.bullmq) return;
  await redis.fresh();
  const env = { ...redis.env, BULLMQ_DIR: peers.bullmq.dir };
  add(
    'BullMQ, one empty job',
    answer(await run(process.execPath, [peer('bullmq.mjs'), 'latency', String(n)], { env })).millis,
  );
}

/** @param {import('../main.mjs').Bench} bench @param {number} n */
async function echo({ redis, peer }, n) {
  const { child, ended } = start(process.execPath, [peer('bare-redis.mjs'), 'echo'], { env: redis.env });
  const client = redis.client.duplicate();
  const millis = [];
  for (let i = 0; i < n + 20; i++) {
    const started = performance.now();
    await client.rpush('bare:in', 'x');
    await client.blpop('bare:out', 10);
    if (i >= 20) millis.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  client.disconnect();
  child.kill('SIGKILL');
  await ended;
  return millis;
}

/**
 * The port as the seeder uses it, and the real worker, which stays as long as there is work every 200 ms. @param
 * {import('../main.mjs').Bench} bench @param {number} n
 */
async function throughSystem({ root, redis }, n) {
  const load = (/** @type {string} */ file) => import(pathToFileURL(join(root, 'dist', file)).href);
  const [{ connect }, { loadConfig }, { chunksOf }, { createLogger }] = await Promise.all(
    ['core/broker/connect.js', 'core/runtime/config.js', 'core/model/plan.js', 'core/runtime/logger.js'].map(load),
  );
  const job = { root, broker: redis.broker, chunks: n + 20, size: 1 };
  const config = loadConfig({ ...environment(job, 'bench'), LOG_LEVEL: 'ERROR' });
  const broker = await connect(config, createLogger(config, 'bench'), new AbortController().signal);
  await broker.prepare();
  const plan = {
    runId: config.RUN_ID,
    totalParameters: n + 20,
    chunkSize: 1,
    computation: 'builtin',
    keepValues: false,
    maxDead: n,
  };
  const lock = await broker.seeding();
  const reader = redis.client.duplicate();
  const { child, ended } = start(process.execPath, [join(root, 'dist/worker/main.js')], {
    env: { ...environment(job, 'ttg-worker-abcde-xyz12'), IDLE_TIMEOUT_SECONDS: '60' },
  });
  const millis = [];
  let position = '0-0';
  let i = 0;
  for (const chunk of chunksOf(plan, new Date().toISOString())) {
    const started = performance.now();
    await lock.publish([chunk]);
    const reply = await reader.xread('COUNT', 1, 'BLOCK', 10_000, 'STREAMS', 'ttg:results', position);
    if (!reply) throw new Error('no record within 10 s');
    if (i++ >= 20) millis.push(performance.now() - started);
    position = reply[0]?.[1][0]?.[0] ?? position;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  child.kill('SIGTERM');
  await ended;
  reader.disconnect();
  await lock[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
  return millis;
}
