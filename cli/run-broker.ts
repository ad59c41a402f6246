/** A run that `ttg run --backend` gave a broker of its own: any verb starts that again, on what the run's folder keeps. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from '../core/broker/embedded/coordinator/lock.js';
import type { RunFolder } from '../core/broker/embedded/run-folder.js';
import { loadConfig, type Config } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { withStoreOf } from '../core/store/of-folder.js';
import { fromRepository } from './repository.js';

/** Whether the broker that has the run's log keeps its data in the folder. */
export function keepsBroker({ path, meta }: RunFolder): boolean {
  return (meta.backend === 'redis' || meta.backend === 'rabbitmq') && existsSync(join(path, meta.backend));
}

/** What these variables say, and nothing of what is left out. */
function settingsOf(env: Readonly<Record<string, string>>): Partial<Config> {
  const config = loadConfig({ ...env });
  return Object.fromEntries(Object.keys(env).map((name) => [name, config[name as keyof Config]]));
}

/** @throws ConfigError while the run is at work, or where its broker cannot be started */
export async function withBrokerOf(
  folder: RunFolder,
  program: Program,
  body: (program: Program) => Promise<number>,
): Promise<number> {
  const { path, runId, meta } = folder;
  const holder = folder.holder();
  if (holder !== undefined)
    throw new ConfigError(
      `run ${runId} is at work, in ${holder}, with a broker of its own: wait until it ends, or end it by Ctrl-C`,
    );
  const { openHereBroker } = await fromRepository(() => import('../ops/here/broker.js'), 'run');
  const unlock = lockDirectory(path);
  try {
    const say = (line: string): void => program.log.debug(line);
    await using broker = await openHereBroker(meta.backend as 'redis' | 'rabbitmq', path, say);
    const config = { ...program.config, ...settingsOf(broker.env), RUN_ID: runId };
    return await body({ ...program, config: withStoreOf(meta, config) });
  } finally {
    unlock();
  }
}
