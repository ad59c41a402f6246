/** Every fault that needs no cluster × both brokers: the run ends complete, with the digest of a run without faults. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROCESS_FAULTS } from '../../scripts/lib/faults/catalogue.mjs';
import { playOnProcesses } from '../../scripts/lib/faults/process/play.mjs';
import { tinyRun } from '../../scripts/lib/faults/process/tiny.mjs';
import { startBroker, type LocalBroker, type Provider } from '../../scripts/lib/local-broker.mjs';

/** Another schedule: TTG_FAULT_SEED=n. */
const SEED = Number(process.env['TTG_FAULT_SEED'] ?? 1);
/** As for the contract: TTG_TEST_PROVIDERS=path takes what is installed although Docker answers. */
const provider = process.env['TTG_TEST_PROVIDERS']?.split(',')[0] as Provider | undefined;
const names = Object.keys(PROCESS_FAULTS);
const alone = (name: string): boolean => PROCESS_FAULTS[name]?.alone === true;

for (const backend of ['redis', 'rabbitmq'] as const) {
  describe(`${backend}: every parameter once, whatever happens`, () => {
    let broker: LocalBroker;
    beforeAll(async () => void (broker = await startBroker(backend, provider ? { provider } : {})));
    afterAll(() => broker?.stop());

    async function play(name: string, signal: AbortSignal): Promise<void> {
      const settings = tinyRun(`f-${randomBytes(4).toString('hex')}`);
      const outcome = await playOnProcesses(name, { broker, settings, seed: SEED, signal });
      const dead = PROCESS_FAULTS[name]?.poison?.parameters ?? [];
      const { expected } = outcome.verdict.parameters;
      expect(outcome.covered).toEqual(allBut(dead, expected));
      expect(outcome.verdict).toMatchObject({ complete: true, faults: [], missing: [], conflicts: [], digest: outcome.reference });
      expect(outcome.verdict.parameters).toMatchObject({ ok: expected - dead.length, dead: dead.length, missing: 0, duplicated: 0 });
      expect(outcome.verdict.dead.map(({ start, end }) => [start, end]).sort()).toEqual(dead.map((one) => [one, one]).sort());
      expect(outcome.certificate).toMatchObject({ complete: true, injected: [{ name }], parameters: { lost: 0, duplicated: 0 } });
      const { target, observed } = outcome.injection;
      console.log(`${backend} ${name}: recovered after ${outcome.recoverySeconds.toFixed(1)} s; ${target}; ${observed}`);
    }

    test.for(names.filter(alone))('%s', (name, { signal }) => play(name, signal));
    test.concurrent.for(names.filter((name) => !alone(name)))('%s', (name, { signal }) => play(name, signal));
  });
}

/** The intervals that are left of 0 … total − 1. */
function allBut(parameters: readonly number[], total: number): { start: number; end: number }[] {
  const borders = [-1, ...parameters, total];
  return borders.slice(1).map((end, n) => ({ start: (borders[n] as number) + 1, end: end - 1 })).filter(({ start, end }) => start <= end);
}
