/** The coordinator as a process of its own: `node coordinator/main.js DIR [SOCKET]`. `ttg run` has it within. */
import { once } from 'node:events';
import { ConfigError } from '../../../runtime/errors.js';
import { runMain } from '../../../runtime/lifecycle.js';
import { startCoordinator } from './coordinator.js';

runMain('coordinator', async ({ log, stop }) => {
  const [dir, socket] = process.argv.slice(2);
  if (dir === undefined)
    throw new ConfigError('coordinator: no directory given: node coordinator/main.js DIR [SOCKET]');
  await using coordinator = await startCoordinator({ dir, log, ...(socket === undefined ? {} : { socket }) });
  log.info({ dir: coordinator.dir, socket: coordinator.socket }, 'ready');
  const stopped = stop.aborted ? undefined : once(stop, 'abort').then(() => undefined);
  const failure = await Promise.race([stopped, coordinator.failed]);
  if (failure) throw failure;
});
