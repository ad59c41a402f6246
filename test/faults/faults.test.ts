/** Every fault that needs no cluster × both brokers: the run ends complete, with the digest of a run without faults. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULTS, STOPS_BROKER } from '../../scripts/lib/faults/catalogue.mjs';
import { playFault } from '../../scripts/lib/faults/play.mjs';
import { tinyRun } from '../../scripts/lib/faults/tiny.mjs';
import { startBroker, type LocalBroker, type Provider } from '../../scripts/lib/local-broker.mjs';

/** Another schedule: TTG_FAULT_SEED=n. */
const SEED = Number(process.env['TTG_FAULT_SEED'] ?? 1);
/** As for the contract: TTG_TEST_PROVIDERS=path takes what is installed although Docker answers. */
const provider = process.env['TTG_TEST_PROVIDERS']?.split(',')[0] as Provider | undefined;
const names = Object.keys(FAULTS).filter((name) => FAULTS[name]?.needs.includes('process'));

for (const backend of ['redis', 'rabbitmq'] as const) {
  describe(`${backend}: every parameter once, whatever happens`, () => {
    let broker: LocalBroker;
    beforeAll(async () => void (broker = await startBroker(backend, provider ? { provider } : {})));
    afterAll(() => broker?.stop());

    async function play(name: string, signal: AbortSignal): Promise<void> {
      const settings = tinyRun(`f-${randomBytes(4).toString('hex')}`);
      const outcome = await playFault(name, { broker, settings, seed: SEED, signal });
      const last = outcome.verdict.parameters.expected - 1;
      expect(outcome.covered).toEqual([{ start: 0, end: last }]);
      expect(outcome.verdict).toMatchObject({ complete: true, faults: [], missing: [], dead: [], conflicts: [], digest: outcome.reference });
      expect(outcome.verdict.parameters).toMatchObject({ ok: last + 1, dead: 0, missing: 0, duplicated: 0 });
      const { target, observed } = outcome.injection;
      console.log(`${backend} ${name}: recovered after ${outcome.recoverySeconds.toFixed(1)} s; ${target}; ${observed}`);
    }

    test.for(names.filter((name) => STOPS_BROKER.includes(name)))('%s', (name, { signal }) => play(name, signal));
    test.concurrent.for(names.filter((name) => !STOPS_BROKER.includes(name)))('%s', (name, { signal }) => play(name, signal));
  });
}
