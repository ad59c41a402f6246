/**
 * Flat cost on RabbitMQ: 1,000, 100,000 and 1,000,000 chunks of 1, one worker; and what a chunk takes of the broker's
 * memory.
 */
import { lastBatchAt, report, seed, work } from '../lib/ttg.mjs';

/** @param {import('../main.mjs').Bench} bench */
export async function rabbitmqSizes({ figures, quick, root, rabbitmq, secondsLeft }) {
  const { broker, fresh, memory } = await rabbitmq();
  const area = 'RabbitMQ sizes';
  /** @type {Map<number, { rate: number, wholeRate: number }>} */
  const known = new Map();
  let slowest = 0;
  for (const chunks of quick ? [1000, 5000] : [1000, 100_000, 1_000_000]) {
    const many = chunks.toLocaleString('en');
    const seconds = chunks * slowest * 1.2;
    if (seconds > secondsLeft() - 30) {
      figures.leaveOut(`RabbitMQ: ${many} chunks`, `about ${Math.round(seconds)} s, which this run does not have left`);
      continue;
    }
    const job = { root, broker, chunks, size: 1, env: fresh() };
    const before = await memory();
    const began = performance.now();
    const seeded = await seed(job);
    const queued = await memory();
    const worked = await work(job, 1, lastBatchAt);
    const verified = await report(job, 'verify');
    slowest = (performance.now() - began) / 1000 / chunks;
    known.set(chunks, worked);
    figures.add({
      area,
      what: `seeding ${many} chunks`,
      value: seeded.rate,
      unit: '/s',
      cpuMicros: seeded.cpuMicros,
      peakMib: seeded.peakMib,
    });
    figures.add({
      area,
      what: `${many} chunks of 1, 1 worker`,
      value: worked.rate,
      unit: '/s',
      cpuMicros: worked.cpuMicros,
      peakMib: worked.peakMib,
    });
    figures.add({
      area,
      what: `ttg verify, ${many} results`,
      value: verified.seconds,
      unit: 's',
      cpuMicros: verified.cpuMicros,
      peakMib: verified.peakMib,
    });
    if (chunks >= 100_000)
      figures.add({
        area: 'RabbitMQ memory',
        what: `a queued chunk, of ${many}`,
        value: (queued - before) / chunks,
        unit: 'bytes',
        note: 'whole node',
      });
  }
  const [small, large] = [known.get(1000), known.get(1_000_000) ?? known.get(100_000)];
  if (small && large)
    figures.target('RabbitMQ: seconds a chunk at the most ÷ at 1,000', small.rate / large.rate, '<=', 1.3);
}
