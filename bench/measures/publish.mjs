/** Publishing on Redis: the real seeder against redis-benchmark, BullMQ, Celery and RQ, in rounds that take turns. */
import { run, answer } from '../lib/process.mjs';
import { median } from '../lib/figures.mjs';
import { seed } from '../lib/ttg.mjs';

const ENTRY = [
  'chunk_id',
  '00042',
  'start_param',
  '42',
  'end_param',
  '42',
  'total_in_chunk',
  '1',
  'created_at',
  '2026-01-01T00:00:00.000Z',
  'run_id',
  'run-1',
  'computation',
  'builtin',
];

/** RQ refuses functions of the program itself. */
export const ADD = 'import tasks; tasks.main()';

/**
 * Pipelined XADD of a task-sized entry, and one by one. @param {import('../main.mjs').Bench} bench @param {number} n
 * @param {number} pipeline
 */
export async function benchmarkXadd({ redis: { broker } }, n, pipeline) {
  const args = [
    '-h',
    broker.host,
    '-p',
    String(broker.port),
    '-n',
    String(n),
    '-P',
    String(pipeline),
    '-a',
    broker.password,
    '--csv',
    'XADD',
    'bench:xadd',
    '*',
    ...ENTRY,
  ];
  const { out } = await run('redis-benchmark', args);
  const rate = Number(/^"XADD[^"]*","([\d.]+)"/m.exec(out)?.[1]);
  if (!(rate > 0)) throw new Error(`redis-benchmark gave no rate: ${out.slice(-300)}`);
  return rate;
}

/** @param {import('../main.mjs').Bench} bench */
export async function publish(bench) {
  const { redis, figures, quick, root, peers } = bench;
  const area = 'Redis publish';
  /** @type {Record<string, number[]>} */
  const rates = { ratio: [], bench: [], ttg: [], cpu: [], broker: [], peak: [], bullmq: [] };
  const chunks = quick ? 100_000 : 200_000;
  for (let round = 0; round < (quick ? 2 : 3); round++) {
    await redis.fresh();
    const limit = await benchmarkXadd(bench, chunks, 100);
    await redis.fresh();
    const before = redis.cpu();
    const ttg = await seed({ root, broker: redis.broker, chunks, size: 1 });
    rates.broker?.push(((redis.cpu() - before) / chunks) * 1e6);
    rates.bench?.push(limit);
    rates.ttg?.push(ttg.rate);
    rates.ratio?.push(ttg.rate / limit);
    rates.cpu?.push(ttg.cpuMicros);
    rates.peak?.push(ttg.peakMib);
    if (peers.bullmq) {
      await redis.fresh();
      const env = { ...redis.env, BULLMQ_DIR: peers.bullmq.dir };
      rates.bullmq?.push(
        answer(await run(process.execPath, [bench.peer('bullmq.mjs'), 'add', quick ? '5000' : '20000'], { env })).rate,
      );
    }
  }
  const of = (/** @type {string} */ name) => median(rates[name] ?? []);
  figures.add({ area, what: 'redis-benchmark, XADD, 100 a pipeline', value: of('bench'), unit: '/s', note: 'limit' });
  figures.add({
    area,
    what: 'redis-benchmark, XADD, one by one',
    value: await benchmarkXadd(bench, 50_000, 1),
    unit: '/s',
    note: 'limit',
  });
  figures.add({
    area,
    what: `TTG, ${chunks} chunks`,
    value: of('ttg'),
    unit: '/s',
    cpuMicros: of('cpu'),
    brokerMicros: of('broker'),
    peakMib: of('peak'),
  });
  if (peers.bullmq)
    figures.add({ area, what: `BullMQ ${peers.bullmq.version}, addBulk of 1,000`, value: of('bullmq'), unit: '/s' });
  figures.target('Redis: publish ÷ redis-benchmark pipelined XADD', of('ratio'), '>=', 0.5);
  await publishPython(bench, area);
}

/** @param {import('../main.mjs').Bench} bench @param {string} area */
async function publishPython({ redis, figures, quick, peers, peer }, area) {
  if (!peers.python) return;
  for (const kind of ['celery', 'rq']) {
    await redis.fresh();
    const n = quick ? 500 : 4000;
    const { rate } = answer(
      await run(peers.python.python, ['-c', ADD, kind, String(n)], {
        env: { REDIS_URL: redis.url, PYTHONPATH: peer('.') },
      }),
    );
    figures.add({ area, what: kind === 'rq' ? 'RQ' : 'Celery', value: rate, unit: '/s' });
  }
}
