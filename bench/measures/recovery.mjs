/** Recovery: kill -9 of a worker in the middle of a chunk, until another worker's record of that chunk is in the log. */
import { join } from 'node:path';
import { start } from '../lib/process.mjs';
import { environment, seed } from '../lib/ttg.mjs';

const STALE_MS = 5000;
const WORK_MS = 200;

/** @param {import('../main.mjs').Bench} bench */
export async function recovery({ root, redis, figures }) {
  await redis.fresh();
  const env = { SIMULATE_WORK_MS: String(WORK_MS), STALE_THRESHOLD_MS: String(STALE_MS), STALE_CHECK_INTERVAL_SECONDS: '1', IDLE_TIMEOUT_SECONDS: '30' };
  const job = { root, broker: redis.broker, chunks: 10, size: 1, env };
  await seed(job);
  const launch = (/** @type {string} */ name) => start(process.execPath, [join(root, 'dist/worker/main.js')], { env: environment(job, name) });
  const victim = launch('victim');
  await until(async () => (await redis.client.xlen('ttg:results')) >= 4);
  // In the middle of a chunk: the victim computes one at any time.
  const held = /** @type {[string, ...unknown[]][]} */ (await redis.client.xpending('ttg:tasks', 'ttg-workers', '-', '+', 1));
  victim.child.kill('SIGKILL');
  const killed = performance.now();
  const heir = launch('heir');
  await until(async () => (await redis.client.xrange('ttg:tasks', held[0]?.[0] ?? '-', held[0]?.[0] ?? '+')).length === 0);
  const millis = performance.now() - killed;
  await Promise.all([victim.ended, heir.ended]);
  figures.add({ area: 'Redis recovery', what: 'threshold and the chunk itself', value: STALE_MS + WORK_MS, unit: 'ms', note: 'limit' });
  figures.add({ area: 'Redis recovery', what: 'kill -9 to the record by another worker', value: millis, unit: 'ms', note: `STALE_THRESHOLD_MS=${STALE_MS}` });
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  for (const deadline = performance.now() + 40_000; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error('recovery: not within 40 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
