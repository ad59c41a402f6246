/** Before the local tests: one broker of each kind for all of them, who keep apart by their queue prefixes. */
import type { TestProject } from 'vitest/node';
import { startTestBroker } from '../support/provider.js';
import { reachable } from '../support/shared.js';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await Promise.allSettled([
    startTestBroker('redis'),
    startTestBroker('rabbitmq'),
    startTestBroker('embedded'),
  ]);
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
