/** Receive → execute → complete on Redis: the real worker against BullMQ's, in rounds that take turns. */
import { answer, run } from '../lib/process.mjs';
import { median } from '../lib/figures.mjs';
import { seed, work } from '../lib/ttg.mjs';
import { ADD } from './publish.mjs';

/**
 * One run of TTG on a fresh broker. @param {import('../main.mjs').Bench} bench @param {{ chunks: number, size: number,
 * workers: number }} what
 */
export async function once({ redis, root }, { chunks, size, workers }) {
  await redis.fresh();
  const job = { root, broker: redis.broker, chunks, size };
  const seeded = await seed(job);
  const queued = await redis.memory();
  const before = redis.cpu();
  const worked = await work(job, workers, redis.lastRecordAt);
  const brokerMicros = ((redis.cpu() - before) / chunks) * 1e6;
  return { seeded, worked, brokerMicros, queued };
}

/** @param {import('../main.mjs').Bench} bench */
export async function process1(bench) {
  const { redis, figures, quick, peers } = bench;
  const area = 'Redis process';
  const chunks = quick ? 20_000 : 100_000;
  /** @type {number[]} */ const ratios = [];
  /** @type {number[]} */ const costs = [];
  /** @type {Awaited<ReturnType<typeof workBullmq>>[]} */ const bullmq = [];
  /** @type {Awaited<ReturnType<typeof once>>[]} */ const runs = [];
  for (let round = 0; round < (quick ? 2 : 3); round++) {
    const ours = await once(bench, { chunks, size: 1, workers: 1 });
    runs.push(ours);
    if (!peers.bullmq) continue;
    const theirs = await workBullmq(bench, quick ? 5000 : 20_000, 50);
    bullmq.push(theirs);
    ratios.push(ours.worked.rate / theirs.rate);
    costs.push((theirs.cpuMicros + theirs.brokerMicros) / (ours.worked.cpuMicros + ours.brokerMicros));
  }
  const of = (/** @type {(run: typeof runs[number]) => number} */ pick) => median(runs.map(pick));
  figures.add({
    area,
    what: `TTG, ${chunks} chunks of 1, 1 worker`,
    value: of((r) => r.worked.rate),
    unit: '/s',
    cpuMicros: of((r) => r.worked.cpuMicros),
    brokerMicros: of((r) => r.brokerMicros),
    peakMib: of((r) => r.worked.peakMib),
  });
  if (peers.bullmq) {
    figures.add({
      area,
      what: 'BullMQ, empty jobs, 1 worker, concurrency 50',
      value: median(bullmq.map((b) => b.rate)),
      unit: '/s',
      cpuMicros: median(bullmq.map((b) => b.cpuMicros)),
      brokerMicros: median(bullmq.map((b) => b.brokerMicros)),
    });
    figures.add({
      area,
      what: 'BullMQ, empty jobs, 1 worker, concurrency 1',
      value: (await workBullmq(bench, quick ? 1000 : 10_000, 1)).rate,
      unit: '/s',
    });
    figures.target('Redis: process, 1 worker, chunks of 1 ÷ BullMQ at its best', median(ratios), '>=', 2.5, '×');
    figures.target(
      'the same as CPU time, client and broker, which a busy machine distorts less',
      median(costs),
      '>=',
      5,
      '×',
    );
  }
  await bareProcess(bench, area, chunks);
  await python(bench, area);
  await redis.fresh();
}

/** @param {import('../main.mjs').Bench} bench @param {number} jobs @param {number} concurrency */
async function workBullmq({ redis, peers, peer }, jobs, concurrency) {
  await redis.fresh();
  const env = { ...redis.env, BULLMQ_DIR: peers.bullmq?.dir ?? '' };
  await run(process.execPath, [peer('bullmq.mjs'), 'add', String(jobs)], { env });
  const before = redis.cpu();
  const ended = await run(process.execPath, [peer('bullmq.mjs'), 'work', String(jobs), String(concurrency)], { env });
  return {
    rate: Number(answer(ended).rate),
    cpuMicros: (ended.cpu / jobs) * 1e6,
    brokerMicros: ((redis.cpu() - before) / jobs) * 1e6,
  };
}

/** @param {import('../main.mjs').Bench} bench @param {string} area @param {number} chunks */
async function bareProcess({ redis, root, peer, figures }, area, chunks) {
  for (const batch of [100, 10, 1]) {
    const n = batch === 1 ? Math.min(chunks, 20_000) : chunks;
    await redis.fresh();
    await seed({ root, broker: redis.broker, chunks: n, size: 1 });
    const { rate } = answer(
      await run(process.execPath, [peer('bare-redis.mjs'), 'process', String(n), String(batch)], { env: redis.env }),
    );
    figures.add({
      area,
      what: `bare ioredis, the protocol's least, batches of ${batch}`,
      value: rate,
      unit: '/s',
      note: 'limit',
    });
  }
}

/**
 * Workers as their manuals start them: Celery with one process, RQ's SimpleWorker, which does not fork. @param
 * {import('../main.mjs').Bench} bench @param {string} area
 */
async function python(bench, area) {
  const { redis, figures, quick, peers } = bench;
  if (!peers.python) return;
  const n = quick ? 300 : 4000;
  for (const kind of /** @type {const} */ (['celery', 'rq'])) {
    await redis.fresh();
    const env = { REDIS_URL: redis.url, LAST: String(n - 1), PYTHONPATH: bench.peer('.') };
    await run(peers.python.python, ['-c', ADD, kind, String(n)], { env });
    const rate = await bench.pythonWorker(kind, n, env);
    figures.add({
      area,
      what: kind === 'rq' ? 'RQ, SimpleWorker, empty jobs' : 'Celery, 1 process, empty tasks',
      value: rate,
      unit: '/s',
    });
  }
}
