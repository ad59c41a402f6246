/**
 * Flat cost on Redis: 1,000, 100,000 and 1,000,000 chunks, chunks of 1 and of 100, 1 and 2 workers; then the log is
 * verified.
 */
import { answer, run } from '../lib/process.mjs';
import { report } from '../lib/ttg.mjs';
import { once } from './process.mjs';

/** What a target is about comes first, should time run out. @param {boolean} quick */
function* plan(quick) {
  for (const chunks of quick ? [1000, 20_000] : [1000, 100_000, 1_000_000]) {
    for (const size of [1, 100]) for (const workers of [1, 2]) yield { chunks, size, workers };
  }
}

/** @param {import('../main.mjs').Bench} bench */
export async function sizes(bench) {
  const { figures, quick, redis, secondsLeft } = bench;
  const area = 'Redis sizes';
  /** @type {Map<string, { rate: number, whole: number, peak: number }>} */
  const known = new Map();
  let slowest = Infinity;
  for (const { chunks, size, workers } of plan(quick)) {
    const what = `${chunks.toLocaleString('en')} chunks of ${size}, ${workers} worker${workers > 1 ? 's' : ''}`;
    const seconds = (chunks / slowest) * 1.6 + 3;
    if (seconds > secondsLeft() - (quick ? 20 : 90)) {
      figures.leaveOut(what, `about ${Math.round(seconds)} s, which this run does not have left`);
      continue;
    }
    await redis.fresh();
    const before = await redis.memory();
    const { seeded, worked, brokerMicros, queued } = await once(bench, { chunks, size, workers });
    slowest = chunks >= 20_000 ? Math.min(slowest, worked.rate) : slowest;
    figures.add({
      area,
      what,
      value: worked.rate,
      unit: '/s',
      cpuMicros: worked.cpuMicros,
      brokerMicros,
      peakMib: worked.peakMib,
    });
    known.set(`${chunks} ${size} ${workers}`, { rate: worked.rate, whole: worked.wholeRate, peak: worked.peakMib });
    if (size !== 1 || workers !== 1) continue;
    figures.add({
      area,
      what: `seeding ${chunks.toLocaleString('en')} chunks`,
      value: seeded.rate,
      unit: '/s',
      cpuMicros: seeded.cpuMicros,
      peakMib: seeded.peakMib,
    });
    if (chunks < 20_000) continue;
    const after = await redis.memory();
    figures.add({
      area: 'Redis memory',
      what: `a queued chunk, of ${chunks.toLocaleString('en')}`,
      value: (queued - before) / chunks,
      unit: 'bytes',
    });
    figures.add({
      area: 'Redis memory',
      what: `a result, of ${chunks.toLocaleString('en')}`,
      value: (after - before) / chunks,
      unit: 'bytes',
    });
    await verification(bench, chunks);
  }
  const at = (/** @type {string} */ key) => known.get(key);
  const [small, large] = [at('1000 1 1'), at('1000000 1 1')];
  if (small && large) {
    figures.target(
      'Redis: seconds a chunk at 1,000,000 ÷ at 1,000, without start-up',
      small.rate / large.rate,
      '<=',
      1.3,
    );
    figures.target(
      'Redis: seconds a chunk at 1,000,000 ÷ at 1,000, with start-up',
      small.whole / large.whole,
      '<=',
      1.3,
    );
    figures.target(
      'Redis: peak memory of a worker at 1,000,000 ÷ at 100,000',
      large.peak / (at('100000 1 1')?.peak ?? NaN),
      '<=',
      1.3,
    );
  }
}

/** @param {import('../main.mjs').Bench} bench @param {number} chunks */
async function verification({ figures, redis, root, peer }, chunks) {
  const area = 'Redis verify';
  const many = chunks.toLocaleString('en');
  const job = { root, broker: redis.broker, chunks, size: 1 };
  const { rate } = answer(
    await run(process.execPath, [peer('bare-redis.mjs'), 'read', 'ttg:results'], { env: redis.env }),
  );
  figures.add({ area, what: `bare ioredis reads ${many} results`, value: rate, unit: '/s', note: 'limit' });
  for (const verb of /** @type {const} */ (['verify', 'results'])) {
    const { seconds, cpuMicros, peakMib } = await report(job, verb);
    figures.add({ area, what: `ttg ${verb}, ${many} results`, value: seconds, unit: 's', cpuMicros, peakMib });
  }
}
