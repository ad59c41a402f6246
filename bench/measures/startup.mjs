/** Start-up of a worker, as bundled for the image, from the start of its process to the computing of its first chunk. */
import { join } from 'node:path';
import { median } from '../lib/figures.mjs';
import { run, start } from '../lib/process.mjs';
import { environment, seed } from '../lib/ttg.mjs';

/** @param {import('../main.mjs').Bench} bench */
export async function startup({ root, redis, figures, quick }) {
  const area = 'Start-up';
  await run(process.execPath, [join(root, 'scripts/lib/bundle.mjs')], { cwd: root });
  const rounds = quick ? 2 : 10;
  /** @type {Record<string, number[]>} */
  const millis = { node: [], one: [], six: [] };
  for (let round = 0; round < rounds; round++) {
    millis.node?.push((await run(process.execPath, ['-e', '0'])).wallMs);
    millis.one?.push(...(await firstChunks({ root, redis }, 1)));
    if (round % 3 === 0) millis.six?.push(...(await firstChunks({ root, redis }, 6)));
  }
  const of = (/** @type {string} */ name) => median(millis[name] ?? []);
  figures.add({ area, what: `node -e 0 (${process.version})`, value: of('node'), unit: 'ms', note: 'limit' });
  figures.add({ area, what: 'one worker, Redis, to its first chunk', value: of('one'), unit: 'ms' });
  figures.add({ area, what: 'six workers at once, Redis, to their first chunks', value: of('six'), unit: 'ms' });
  figures.target('Start-up of one worker to its first chunk', of('one'), '<=', 150, ' ms');
}

/** @param {{ root: string, redis: import('../lib/redis.mjs').BenchRedis }} bench @param {number} workers @returns {Promise<number[]>} */
async function firstChunks({ root, redis }, workers) {
  await redis.fresh();
  // Slow enough that each worker gets one: a worker takes a single chunk first.
  const job = { root, broker: redis.broker, chunks: workers, size: 1, env: { SIMULATE_WORK_MS: '300' } };
  await seed(job);
  /** @type {Map<string, number>} */
  const started = new Map();
  const running = Array.from({ length: workers }, (_, i) => {
    const name = `ttg-worker-abcde-xyz1${i}`;
    started.set(name, Date.now());
    return start(process.execPath, [join(root, 'build/image/worker.js')], { env: environment(job, name) });
  });
  await Promise.all(running.map(({ ended }) => ended));
  const entries = await redis.client.xrange('ttg:results', '-', '+');
  return entries.flatMap(([, fields]) => {
    const field = (/** @type {string} */ name) => fields[fields.indexOf(name) + 1] ?? '';
    const from = started.get(field('worker_id'));
    return field('kind') === 'result' && from !== undefined ? [Date.parse(field('started_at')) - from] : [];
  });
}
