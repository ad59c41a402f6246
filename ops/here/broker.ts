/** The broker of a run on this machine: the one inside this process, or a real one, started here or named by the environment. */
import { join } from 'node:path';
import { ConfigError, asError } from '../../core/runtime/errors.js';
import { refusedPlace } from '../../core/runtime/folders.js';
import { startCoordinator } from '../../core/broker/embedded/coordinator/coordinator.js';
import { createLogger } from '../../core/runtime/logger.js';
import { startBroker } from '../local/broker.js';

export const BACKENDS = ['embedded', 'redis', 'rabbitmq'] as const;
export type HereBackend = (typeof BACKENDS)[number];

export interface HereBroker extends AsyncDisposable {
  /** How every process of the run reaches it. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves where what it keeps cannot be written any more; left out where nobody here can tell. */
  readonly failed?: Promise<Error>;
}

const HOSTS = { redis: 'REDIS_HOST', rabbitmq: 'RABBITMQ_HOST' } as const;

/**
 * @param folder of the run: what the broker keeps is kept there
 * @param say told where the broker comes from
 */
export async function openHereBroker(
  backend: HereBackend,
  folder: string,
  say: (line: string) => void,
): Promise<HereBroker> {
  if (backend === 'embedded') return await openEmbedded(folder);
  const host = process.env[HOSTS[backend]];
  if (host) {
    say(`${backend} at ${host}, as ${HOSTS[backend]} says`);
    return { env: { QUEUE_MODE: 'true', QUEUE_BACKEND: backend }, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  try {
    const broker = await startBroker(backend, { persistDir: join(folder, backend), log: say });
    return { env: broker.env, [Symbol.asyncDispose]: () => broker.stop() };
  } catch (thrown) {
    throw new ConfigError(
      `--backend ${backend}: ${asError(thrown).message}\nOr name one that runs already by ${HOSTS[backend]}, ` +
        'or leave --backend out: the embedded broker needs nothing',
    );
  }
}

/** The log lies in the run's folder; its coordinator is this process. */
async function openEmbedded(folder: string): Promise<HereBroker> {
  const log = createLogger({ LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text', workerName: 'here' }, 'coordinator', 2);
  const dir = join(folder, 'log');
  const coordinator = await startCoordinator({ dir, log }).catch((thrown: unknown) => {
    throw thrown instanceof ConfigError ? thrown : refusedPlace(dir, thrown);
  });
  return {
    failed: coordinator.failed,
    env: { QUEUE_MODE: 'true', QUEUE_BACKEND: 'embedded', EMBEDDED_SOCKET: coordinator.socket },
    [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose](),
  };
}
