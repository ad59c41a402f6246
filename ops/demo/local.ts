/** The demo without a cluster: broker, seeder and workers as processes of this machine, spawned by KEDA's rule. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../local/broker.js';
import type { Backend } from '../local/config.js';
import { makeProcesses, startScaler } from '../local/fleet.js';
import { readPreset } from '../run/preset.js';
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import type { Stage } from './stage.js';

export async function localStage(
  script: Script,
  {
    backend,
    preset: name,
    runId,
    maxWorkers,
  }: { backend: Backend; preset: string; runId: string; maxWorkers?: number | undefined },
): Promise<Stage> {
  const preset = readPreset(name, backend);
  const broker = await script.step(`starting ${backend}`, (say) => startBroker(backend, { log: say }));
  const env = {
    ...preset.env,
    ...broker.env,
    QUEUE_MODE: 'true',
    RUN_ID: runId,
    LOG_LEVEL: 'DEBUG',
    LOG_FORMAT: 'json',
  };
  // In a file for its owner's eyes: what is printed ends up in logs.
  const secrets = await mkdtemp(join(tmpdir(), 'ttg-demo-'));
  await writeFile(join(secrets, 'password'), `${broker.password}\n`, { mode: 0o600 });
  const processes = makeProcesses();
  let count = 0;
  const workers = async () => processes.running('worker').map(({ name }) => ({ name, node: '' }));

  const scaler = await startScaler(env, {
    max: maxWorkers ?? preset.maxReplicas,
    chunksPerWorker: preset.chunksPerWorker,
    running: async () => (await workers()).length,
    spawn: () => void processes.start('worker', `ttg-worker-${String(++count).padStart(3, '0')}`, env),
  });
  const close = async () => {
    await scaler.stop();
    await processes.end();
    await broker.stop();
    await rm(secrets, { recursive: true, force: true });
  };
  const seeder = processes.start('seeder', 'ttg-seeder', env);
  seeder.child.on('exit', (code) => {
    if (code) process.stderr.write(`the seeder failed with ${code}:\n${seeder.log}\n`);
  });

  return {
    env,
    deadlineSeconds: preset.deadlineSeconds,
    workers,
    close,
    passwordHint: `cat ${join(secrets, 'password')}`,
    log: async (name) => processes.get(name)?.log ?? '',
    kill: async (name) => {
      const victim = processes.get(name);
      const at = Date.now();
      if (!victim?.child.kill('SIGKILL')) throw new Stop(`worker ${name} could not be killed: it is not running`);
      await victim.exited;
      return at;
    },
  };
}
