/** Which broker the tests run against where several could be had. */
import { availableProviders, startBroker, type LocalBroker, type Options } from '../../ops/local/broker.js';
import type { Backend, Provider } from '../../ops/local/config.js';
import { findProgram } from '../../ops/local/native.js';
import { installPackage, remedy } from '../../ops/local/packages.js';

/** TTG_TEST_PROVIDERS names what to test with, for example `docker,path`. */
const WANTED = process.env['TTG_TEST_PROVIDERS']?.split(',') as Provider[] | undefined;

/**
 * What is wanted, else what is installed. Where nothing is, an image comes before Debian's packages, which change the
 * machine, unless the machine is CI's own.
 * @throws Error that says what to do where there is none: what is not tested must not look as if it passed
 */
export async function testProviders(backend: Backend): Promise<Provider[]> {
  if (backend === 'embedded') return ['path'];
  const installed = findProgram(backend) !== undefined;
  if (!WANTED && installed) return ['path'];
  const reasons: string[] = [];
  const available = await availableProviders(backend, (reason) => reasons.push(reason));
  // What was installed before the tests began is what was to be installed.
  const wanted = WANTED?.map((provider) => (provider === 'packages' && installed ? 'path' : provider));
  const byDefault: Provider[] = process.env['CI'] ? ['packages', 'docker'] : ['docker', 'packages'];
  const found = wanted
    ? available.filter((provider) => wanted.includes(provider))
    : byDefault.filter((provider) => available.includes(provider)).slice(0, 1);
  if (found.length > 0) return found;
  const among = wanted ? ` among TTG_TEST_PROVIDERS=${wanted.join(',')}` : '';
  throw new Error(
    `There is no ${backend} to test with${among}: ${reasons.join('; ')}.\nDo one of these:\n${remedy(backend)}`,
  );
}

/** By the first of them. */
export async function startTestBroker(backend: Backend, options: Options = {}): Promise<LocalBroker> {
  const [provider] = await testProviders(backend);
  return startBroker(backend, { ...options, ...(provider && { provider }) });
}

/** A global set-up: packages are installed once, before any test, and not by several at the same time. */
export default async function installWanted(): Promise<void> {
  for (const backend of ['redis', 'rabbitmq'] as const) {
    if (findProgram(backend) || !(await testProviders(backend)).includes('packages')) continue;
    process.stderr.write(`${backend}: installing ${backend}-server with apt-get\n`);
    await installPackage(backend);
  }
}
