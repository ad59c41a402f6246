#!/usr/bin/env node
/** Random faults in a row, each on a run of its own with the next seed: every run must end complete. */
import { setMaxListeners } from 'node:events';
import { PROCESS_FAULTS } from '../dist/faults/catalogue.js';
import { runOnProcesses, tinyRun } from '../dist/faults/process/run.js';
import { makeRng, pick } from '../dist/faults/rng.js';
import { describeOutcome, faultTable } from '../dist/faults/series.js';
import { startBroker } from '../dist/ops/local/broker.js';
import { messageOf } from '../dist/ops/script/stop.js';
import { runScript } from '../dist/ops/script/frame.js';

await runScript(
  {
    name: 'soak',
    about:
      'Computes runs with a random fault each, as processes of this machine over one broker, and fails unless every one is complete and its certificate holds.',
    flags: {
      runs: { type: 'number', value: 'N', default: 20, help: 'how many' },
      backend: { type: 'string', choices: ['redis', 'rabbitmq'], default: 'redis', help: 'which broker' },
      seed: { type: 'number', value: 'N', default: 1, help: 'of the first run; each further run has the next' },
      provider: {
        type: 'string',
        choices: ['docker', 'path', 'packages'],
        help: 'where the broker comes from; chosen when omitted',
      },
    },
    examples: ['soak.mjs --runs 20 --backend rabbitmq', 'soak.mjs --runs 1 --seed 17'],
  },
  async ({ runs, backend, seed: first, provider }, script) => {
    // Every wait of every run listens to it.
    setMaxListeners(0, script.signal);
    const names = Object.keys(PROCESS_FAULTS);
    const broker = await script.step(`starting ${backend}`, (say) =>
      startBroker(backend, { log: say, ...(provider ? { provider } : {}) }),
    );
    script.onInterrupt(`stopping ${backend}`, broker.stop);
    /** @type {import('../dist/faults/series.js').Row[]} */
    const rows = [];
    try {
      for (let seed = first; seed < first + runs; seed++) {
        const name = pick(makeRng(seed, 'soak'), names);
        const settings = tinyRun(`soak-${Date.now().toString(36)}`);
        const outcome = await script
          .step(`seed ${seed}: ${name}`, () => runOnProcesses(name, { broker, settings, seed, signal: script.signal }))
          .catch((thrown) => {
            script.signal.throwIfAborted();
            return messageOf(thrown);
          });
        rows.push({ name, backend, seed, outcome });
        script.print(`seed ${seed}: ${typeof outcome === 'string' ? `${name}: ${outcome}` : describeOutcome(outcome)}`);
      }
    } finally {
      if (!script.signal.aborted) await broker.stop();
    }
    const complete = rows.filter(({ outcome }) => typeof outcome !== 'string' && outcome.ok).length;
    script.print(
      `\n${faultTable(rows)}\n\n${complete} of ${rows.length} runs complete, with the digest of a run without faults and a certificate that holds`,
    );
    return complete === rows.length ? 0 : 1;
  },
);
