/** Faults of the seeding: the seeder dies in the middle of it, or two are at it at once. */
import { isRunning } from '../../demo/processes.mjs';
import { Stop } from '../../steps.mjs';
import { seededBy } from './stage.mjs';
import { endBy } from './signals.mjs';

/**
 * @typedef {import('./stage.mjs').ProcessStage} ProcessStage
 * @typedef {import('../../demo/processes.mjs').Process} Process
 */

/** Many chunks without work: several windows of publishing, and drained in a moment. */
export const SEEDING_RUN = { TOTAL_PARAMETERS: '6000', CHUNK_SIZE: '2', SIMULATE_WORK_MS: '0' };

/** About what a chunk takes on the wire. */
const BYTES_PER_CHUNK = { redis: 30, rabbitmq: 300 };

/**
 * A seeder whose connection stops in the middle of publishing, after a number of bytes that the seed decides.
 * @param {ProcessStage} stage
 * @param {import('../rng.mjs').Rng} rng
 * @returns {Promise<Process>}
 */
export async function startStallingSeeder(stage, rng) {
  const proxy = await stage.proxy();
  proxy.stallAfter(Math.round(BYTES_PER_CHUNK[stage.backend] * stage.chunks * (0.3 + 0.4 * rng())));
  return stage.startSeeder(stage.through(proxy));
}

/**
 * @param {ProcessStage} stage
 * @param {Process} seeder
 * @returns {Promise<string>} what was observed
 */
export async function publishingStalled(stage, seeder) {
  // The last one made is the seeder's.
  const proxy = stage.proxies.at(-1);
  await stage.until(() => {
    if (!isRunning(seeder))
      throw new Stop(
        `${seeder.name} ended before the fault (exit status ${seeder.child.exitCode}): it published faster than it could be stopped`,
      );
    return proxy?.stalled();
  }, 'the seeder in the middle of publishing');
  const { ledger } = await stage.read();
  if (!ledger.plan || ledger.seeded.length > 0)
    throw new Stop(
      `${seeder.name} was not in the middle of publishing: ${ledger.plan ? 'all was published' : 'there is no plan yet'}`,
    );
  return `the plan is in the log, no note of the seeding, and ${proxy?.passed()} bytes had left the seeder`;
}

/** @type {import('./stage.mjs').ProcessFault} */
const seederKill = {
  when: 'seeding',
  run: SEEDING_RUN,
  inject: async (stage, rng) => {
    const seeder = await startStallingSeeder(stage, rng);
    const stalled = await publishingStalled(stage, seeder);
    const { observed } = await endBy(seeder, 'SIGKILL');
    return { target: seeder.name, observed: `${stalled}; ${observed}` };
  },
  // As its Job does.
  heal: async (stage) => stage.reseed(),
};

/** @type {import('./stage.mjs').ProcessFault} */
const twoSeeders = {
  when: 'seeding',
  run: SEEDING_RUN,
  inject: async (stage, rng) => {
    // The second one is started first and held back at its connection: the first one's lock lapses if it is stalled for long.
    const gate = await stage.proxy();
    gate.stall();
    const second = stage.startSeeder(stage.through(gate));
    await stage.until(() => gate.connections() > 0, `${second.name} at the broker's door`);
    const first = await startStallingSeeder(stage, rng);
    const stalled = await publishingStalled(stage, first);
    gate.heal();
    await stage.until(
      () => second.log.includes('another seeder is at work'),
      `${second.name} waiting for ${first.name}`,
    );
    return { target: `${first.name} and ${second.name}`, observed: `${stalled}; the second waits for the first` };
  },
  heal: async (stage) => {
    for (const proxy of stage.proxies) proxy.heal();
    await Promise.all(stage.processes.all('seeder').map((seeder) => seededBy(stage, seeder)));
  },
  prove: (_, __, { results }) => {
    const twice = results.length - new Set(results.map((r) => r.chunkId)).size;
    if (twice > 0) throw new Stop(`${twice} chunks have two records: both seeders published them`);
  },
};

/** @type {Record<string, import('./stage.mjs').ProcessFault>} */
export const seederFaults = { 'seeder-kill': seederKill, 'two-seeders': twoSeeders };
