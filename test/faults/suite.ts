/** Every fault that needs no cluster on one broker: the run ends complete, with the digest of a run without faults. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { PROCESS_FAULTS } from '../../faults/catalogue.js';
import { runOnProcesses, tinyRun } from '../../faults/process/run.js';
import type { LocalBroker } from '../../ops/local/broker.js';
import type { Backend } from '../../ops/local/config.js';
import { expectAsWithout } from '../support/outcome.js';
import { startTestBroker } from '../support/provider.js';

/** Another schedule: TTG_FAULT_SEED=n. */
const SEED = Number(process.env['TTG_FAULT_SEED'] ?? 1);
const names = Object.keys(PROCESS_FAULTS);
const alone = (name: string): boolean => PROCESS_FAULTS[name]?.disturbs === 'broker';

export function describeFaults(backend: Backend): void {
  describe(`${backend}: every parameter once, whatever happens`, () => {
    let broker: LocalBroker;
    beforeAll(async () => void (broker = await startTestBroker(backend)));
    afterAll(() => broker?.stop());

    async function inject(name: string, signal: AbortSignal): Promise<void> {
      const settings = tinyRun(`f-${randomBytes(4).toString('hex')}`);
      const outcome = await runOnProcesses(name, { broker, settings, seed: SEED, signal });
      expectAsWithout(name, outcome, PROCESS_FAULTS[name]?.poison);
      const { target, observed } = outcome.injection;
      console.log(
        `${backend} ${name}: recovered after ${outcome.recoverySeconds.toFixed(1)} s; ${target}; ${observed}`,
      );
    }

    test.for(names.filter(alone))('%s', (name, { signal }) => inject(name, signal));
    test.concurrent.for(names.filter((name) => !alone(name)))('%s', (name, { signal }) => inject(name, signal));
  });
}
