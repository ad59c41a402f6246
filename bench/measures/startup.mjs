/** Start-up of a worker, as it is in the image, from the start of its process to its first receive. */
import { join } from 'node:path';
import { median } from '../lib/figures.mjs';
import { buildImage, startInImage } from '../lib/image.mjs';
import { run, start } from '../lib/process.mjs';
import { environment, firstLine, seed } from '../lib/ttg.mjs';

/** @typedef {(env: Record<string, string>, cpus?: string) => import('../lib/process.mjs').Running} Launch */

/** @param {import('../main.mjs').Bench} bench */
export async function startup(bench) {
  const { root, figures, quick } = bench;
  const area = 'Start-up';
  const version = await buildImage(root).catch((error) =>
    figures.leaveOut("start-up in the image, under a CPU limit too; this machine's Node is taken instead", error),
  );
  await run(process.execPath, [join(root, 'scripts/lib/bundle.mjs')], { cwd: root });
  /** @type {Launch} */
  const launch = version
    ? startInImage
    : (env) => start(process.execPath, [join(root, 'build/image/worker.js')], { env });
  const node = [];
  for (let i = 0; i < 5; i++) node.push((await run(process.execPath, ['-e', '0'])).wallMs);
  figures.add({
    area,
    what: `node -e 0 (${process.version}, this machine's)`,
    value: median(node),
    unit: 'ms',
    note: 'limit',
  });
  const cases = [
    { what: 'alone', workers: 1 },
    ...(version ? [{ what: 'alone, 0.5 CPUs', workers: 1, cpus: '0.5' }] : []),
    { what: 'six at once', workers: 6 },
  ];
  for (const backend of /** @type {const} */ (['Redis', 'RabbitMQ'])) {
    for (const { what, workers, cpus } of cases) {
      /** @type {number[]} */
      const millis = [];
      for (let round = 0; round < (quick ? 1 : 7); round++)
        millis.push(...(await firstReceives(bench, launch, backend, workers, cpus)));
      figures.add({
        area,
        what: `worker on ${backend}, ${what}, to its first receive (Node ${version ?? process.version})`,
        value: median(millis),
        unit: 'ms',
      });
      if (what === 'alone')
        figures.target(`Start-up of a worker on ${backend} to its first receive`, median(millis), '<=', 150, ' ms');
    }
  }
}

/**
 * @param {import('../main.mjs').Bench} bench @param {Launch} launch @param {'Redis' | 'RabbitMQ'} backend @param
 *   {number} workers @param {string} [cpus]
 */
async function firstReceives({ root, redis, rabbitmq }, launch, backend, workers, cpus) {
  // Slow enough that each worker gets a chunk: it takes a single one first.
  const env = { SIMULATE_WORK_MS: '400', LOG_LEVEL: 'DEBUG' };
  if (backend === 'Redis') await redis.fresh();
  const at =
    backend === 'Redis'
      ? { broker: redis.broker, env }
      : await rabbitmq().then((each) => ({ broker: each.broker, env: { ...env, ...each.fresh() } }));
  const job = { root, chunks: workers, size: 1, ...at };
  await seed(job);
  const running = Array.from({ length: workers }, (_, i) =>
    launch(environment(job, `ttg-worker-abcde-xyz1${i}`), cpus),
  );
  const ended = await Promise.all(running.map((each) => each.ended));
  return ended.flatMap(({ out }) => {
    const ready = firstLine(out, 'worker ready');
    const received = firstLine(out, 'chunk started');
    // Node counts from the start of its process, before it has read any of our code.
    return ready && received ? [Date.parse(received.time) - (Date.parse(ready.time) - Number(ready['up_ms']))] : [];
  });
}
