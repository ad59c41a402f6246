/** Before the local tests: one broker of each kind for all of them, who keep apart by their queue prefixes. */
import type { TestProject } from 'vitest/node';
import { startBroker } from '../../ops/local/broker.js';
import { type Provider } from '../../ops/local/config.js';
import { reachable } from '../support/shared.js';

/** As for the contract: TTG_TEST_PROVIDERS=path takes what is installed although Docker answers. */
const provider = process.env['TTG_TEST_PROVIDERS']?.split(',')[0] as Provider | undefined;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const options = provider ? { provider } : {};
  const started = await Promise.allSettled([startBroker('redis', options), startBroker('rabbitmq', options)]);
  const stop = async (): Promise<void> => {
    await Promise.all(started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.stop()] : [])));
  };
  for (const one of started) {
    if (one.status === 'fulfilled') {
      project.provide(one.value.backend, reachable(one.value));
    } else {
      await stop();
      throw one.reason;
    }
  }
  return stop;
}
