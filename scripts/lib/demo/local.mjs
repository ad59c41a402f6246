/** The demo without a cluster: broker, seeder and workers as processes of this machine, spawned by KEDA's rule. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startBroker } from '../local-broker.mjs';
import { Stop } from '../steps.mjs';
import { readPreset } from './preset.mjs';
import { startScaler } from './scaler.mjs';

const entry = (/** @type {string} */ name) => fileURLToPath(new URL(`../../../dist/${name}/main.js`, import.meta.url));
/** How much of a worker's output is kept. */
const LOG_LIMIT = 1 << 20;

/** @typedef {{ child: import('node:child_process').ChildProcess, log: string, exited: Promise<unknown> }} Process */

/**
 * @param {import('../steps.mjs').Run} run
 * @param {{ backend: 'redis' | 'rabbitmq', preset: string, runId: string, maxWorkers?: number | undefined }} options
 * @returns {Promise<import('./stage.mjs').Stage>}
 */
export async function localStage(run, { backend, preset: name, runId, maxWorkers }) {
  const preset = readPreset(name, backend);
  const broker = await run.step(`starting ${backend}`, (say) => startBroker(backend, { log: say }));
  const env = { ...preset.env, ...broker.env, QUEUE_MODE: 'true', RUN_ID: runId, LOG_LEVEL: 'DEBUG', LOG_FORMAT: 'json' };
  /** @type {Map<string, Process>} */
  const processes = new Map();
  let count = 0;

  const start = (/** @type {string} */ program, /** @type {string} */ podName) => {
    const child = spawn(process.execPath, [entry(program)], { env: { ...process.env, ...env, POD_NAME: podName, NODE_NAME: 'this machine' }, stdio: ['ignore', 'pipe', 'inherit'] });
    /** @type {Process} */
    const started = { child, log: '', exited: once(child, 'close') };
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (started.log = (started.log + text).slice(-LOG_LIMIT)));
    processes.set(podName, started);
    return started;
  };
  const isRunning = (/** @type {Process} */ p) => p.child.exitCode === null && p.child.signalCode === null;
  const workers = async () => [...processes].filter(([name, p]) => name.startsWith('ttg-worker') && isRunning(p)).map(([name]) => ({ name, node: '' }));

  const scaler = await startScaler(env, {
    max: maxWorkers ?? preset.maxReplicas,
    chunksPerWorker: preset.chunksPerWorker,
    running: async () => (await workers()).length,
    spawn: () => void start('worker', `ttg-worker-${String(++count).padStart(3, '0')}`),
  });
  const close = async () => {
    await scaler.stop();
    for (const { child, exited } of [...processes.values()].filter(isRunning)) {
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(hard);
    }
    await broker.stop();
  };
  const seeder = start('seeder', 'ttg-seeder');
  seeder.child.on('exit', (code) => {
    if (code) process.stderr.write(`the seeder failed with ${code}:\n${seeder.log}\n`);
  });

  return {
    env, deadlineSeconds: preset.deadlineSeconds, workers, close,
    passwordHint: `${broker.password} (made for this demo, gone with it)`,
    log: async (name) => processes.get(name)?.log ?? '',
    kill: async (name) => {
      const victim = processes.get(name);
      if (!victim?.child.kill('SIGKILL')) throw new Stop(`worker ${name} could not be killed: it is not running`);
      await victim.exited;
    },
  };
}
