/**
 * Parameters that no attempt computes: they throw, never return, or kill their process. All others have the built-in
 * values.
 */
import { Stop } from '../ops/script/stop.js';
import type { Fault, Stage, Poison } from './types.js';

/**
 * @param parameters ascending
 * @param body what happens at them; `i` is the parameter
 */
export function poison(parameters: readonly number[], body: string): Poison {
  return {
    parameters,
    source: `const bad = new Set(${JSON.stringify(parameters)});
export const decimals = 2;
export function compute(i) {
  if (bad.has(i)) { ${body} }
  const fraction = i % 100;
  return (((7 * (i % 1000) + 13) % 1000) * 100 + (fraction < 10 ? fraction * 10 : fraction)) / 100;
}
`,
  };
}

/** What each does to its process, and what the dead record must say of it. */
const KINDS = {
  'parameter-throws': { body: "throw new Error('cursed ' + i);", error: /^cursed \d+$/, run: {} },
  'parameter-hangs': {
    body: 'for (;;);',
    error: /^took longer than CHUNK_TIMEOUT_SECONDS=2$/,
    run: { CHUNK_TIMEOUT_SECONDS: '2' },
  },
  'parameter-kills': {
    body: "process.kill(process.pid, 'SIGKILL'); for (;;);",
    error: /attempts were started and did not end/,
    run: {},
  },
};

/** In the first third, the middle, and at the end of a chunk; one for what costs leases. */
const SEVERAL = [13, 42, 63];

const ONE = [42];

function poisoned(name: keyof typeof KINDS): Fault<Stage> {
  const { body, error, run } = KINDS[name];
  const parameters = name === 'parameter-throws' ? SEVERAL : ONE;
  return {
    when: 'seeding',
    run: { TOTAL_PARAMETERS: '96', CHUNK_SIZE: '4', MAX_RETRIES: '1', ...run },
    poison: poison(parameters, body),
    inject: async (stage) => {
      await stage.start();
      const dead = await stage.until(
        async () => {
          const records = (await stage.read()).ledger.deadRecords();
          return records.length >= parameters.length && records;
        },
        `dead letters of the parameters ${parameters.join(', ')}`,
      );
      const wrong = dead.find((record) => !error.test(record.error));
      if (wrong) throw new Stop(`parameter ${wrong.start} is dead of something else: ${wrong.error}`);
      const said = dead.map((record) => `${record.start} after ${record.attempts} attempts`).join(', ');
      return { target: `parameters ${parameters.join(', ')}`, observed: `dead: ${said}: ${dead[0]?.error}` };
    },
    heal: async () => {},
    prove: async (stage) => {
      const letters = new Set();
      for await (const { chunk } of stage.observer.deadLetters()) letters.add(chunk?.start);
      const found = [...letters].sort((a, b) => Number(a) - Number(b)).join(', ');
      if (found !== parameters.join(', '))
        throw new Stop(`the dead-letter queue holds the parameters ${found}, not ${parameters.join(', ')}`);
    },
  };
}

export const poisonFaults = Object.fromEntries(
  Object.keys(KINDS).map((name) => [name, poisoned(name as keyof typeof KINDS)]),
);
