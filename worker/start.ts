/**
 * The worker in an image that is not TTG's, where install.ts put it. Node was started by the loader that came with it, so
 * what it takes for its own program is that loader: a child that a computation forks must be told the rest.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
process.execArgv = ['--library-path', join(folder, 'lib'), join(folder, 'node'), ...process.execArgv];
await import('./main.js');
