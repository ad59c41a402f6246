#!/usr/bin/env node
/**
 * `npm run bench [-- --quick] [-- --only NAME,NAME]`: measures TTG, its peers and the machine's limits in one run.
 * `npm run bench -- --sweep [--budget SECONDS] [--only NAME,NAME] [--memory] [--quick]`: sweeps instead, on this machine.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Figures } from './lib/figures.mjs';
import { installBullmq, installPython } from './lib/peers.mjs';
import { killAll, run } from './lib/process.mjs';
import { pythonWorker } from './lib/python-worker.mjs';
import { startRabbitmq } from './lib/rabbitmq.mjs';
import { startRedis } from './lib/redis.mjs';
import { MEASURES } from './measures/index.mjs';
import { sweep } from './sweep/main.mjs';

/**
 * @typedef {object} Bench what every measure gets
 * @property {string} root
 * @property {boolean} quick
 * @property {Figures} figures
 * @property {import('./lib/redis.mjs').BenchRedis} redis
 * @property {() => Promise<import('./lib/rabbitmq.mjs').BenchRabbitmq>} rabbitmq started when it is first asked for
 * @property {{ bullmq?: { dir: string, version: string }, python?: { python: string, bin: string } }} peers
 * @property {(file: string) => string} peer path of a program in peers/
 * @property {(kind: 'celery' | 'rq', n: number, env: Record<string, string>) => Promise<number>} pythonWorker
 * @property {() => number} secondsLeft
 */

const HERE = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    root: { type: 'string' },
    sweep: { type: 'boolean' },
    budget: { type: 'string' },
    memory: { type: 'boolean' },
  },
});
const quick = values.quick ?? false;
const root = values.root ? resolve(values.root) : join(HERE, '..');
const limitSeconds = quick ? 112 : 14 * 60;
const started = performance.now();
const secondsLeft = () => limitSeconds - (performance.now() - started) / 1000;

const figures = new Figures();
const finish = async (/** @type {number} */ status) => {
  killAll();
  figures.write(join(HERE, '../out'), values.sweep ? 'bench-sweep' : 'bench');
  console.log(figures.table());
  process.exit(status);
};
if (!values.sweep)
  setTimeout(() => {
    figures.leaveOut('the rest', `${limitSeconds} s are over`);
    // Its broker goes with it: see ops/local/guard.ts.
    void finish(0);
  }, limitSeconds * 1000).unref();

// Else what it started would outlive it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void finish(1));

if (!values.root) await run('npm', ['run', 'build'], { cwd: root });
if (values.sweep) {
  const budget = Number(values.budget ?? (quick ? 30 : 300));
  if (!(budget > 0)) throw new Error(`--budget ${values.budget}: give seconds, such as 300`);
  const only = values.only?.split(',');
  await sweep({ root, here: HERE, quick, budget, only, memory: values.memory ?? false }, figures).catch((error) =>
    figures.leaveOut('the rest', error),
  );
  await finish(figures.leftOut.length > 0 ? 1 : 0);
}
const [bullmq, python] = await Promise.all([
  installBullmq().catch((error) => figures.leaveOut('BullMQ', error)),
  installPython().catch((error) => figures.leaveOut('Celery and RQ', error)),
]);
const redis = await startRedis();
/** @type {ReturnType<typeof startRabbitmq> | undefined} */
let rabbitmq;
/** @type {Bench} */
const bench = {
  root,
  quick,
  figures,
  redis,
  secondsLeft,
  rabbitmq: () => (rabbitmq ??= startRabbitmq()),
  peers: { ...(bullmq ? { bullmq } : {}), ...(python ? { python } : {}) },
  peer: (file) => join(HERE, 'peers', file),
  pythonWorker: (kind, n, env) => pythonWorker(redis, /** @type {{ bin: string }} */ (python), kind, n, env),
};
const wanted = values.only?.split(',');
for (const [name, measure] of Object.entries(MEASURES)) {
  if (wanted && !wanted.includes(name)) continue;
  console.error(`${name} (${Math.round(secondsLeft())} s left)`);
  await measure(bench).catch((/** @type {unknown} */ error) => figures.leaveOut(name, error));
}
await redis.stop();
await (await rabbitmq?.catch(() => undefined))?.stop();
await finish(0);
