/**
 * Faults of the seeding by processes: the seeder or the broker dies in the middle of it, or two seeders are at it at
 * once.
 */
import { type Process, isRunning } from '../../ops/local/fleet.js';
import { Stop } from '../../ops/script/stop.js';
import type { Rng } from '../rng.js';
import { endBy } from './signals.js';
import { type ProcessStage, type ProcessFault, seededBy } from './stage.js';

/** Many chunks without work: several windows of publishing, and drained in a moment. */
const SEEDING_RUN = { TOTAL_PARAMETERS: '6000', CHUNK_SIZE: '2', SIMULATE_WORK_MS: '0' };

/** Heartbeats at which RabbitMQ misses a stalled seeder only after 10 s: time to look, and for another to come. */
const PATIENT = { STALE_THRESHOLD_MS: '12500' };

/** About what a chunk takes on the wire. */
const BYTES_PER_CHUNK = { redis: 30, rabbitmq: 300, embedded: 24 };

/** A seeder whose connection stops in the middle of publishing, after a number of bytes that the seed decides. */
async function startStallingSeeder(stage: ProcessStage, rng: Rng, env: Record<string, string> = {}): Promise<Process> {
  const proxy = await stage.proxy();
  proxy.stallAfter(Math.round(BYTES_PER_CHUNK[stage.backend] * stage.chunks * (0.3 + 0.4 * rng())));
  return stage.startSeeder({ ...stage.through(proxy), ...env });
}

/** @returns what was observed */
async function publishingStalled(stage: ProcessStage, seeder: Process): Promise<string> {
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

const seederKill: ProcessFault = {
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

const twoSeeders: ProcessFault = {
  when: 'seeding',
  run: SEEDING_RUN,
  inject: async (stage, rng) => {
    // The second one is started first and held back at its connection: the first one's lock lapses if it is stalled for
    // long.
    const gate = await stage.proxy();
    gate.stall();
    const second = stage.startSeeder(stage.through(gate));
    await stage.until(() => gate.connections() > 0, `${second.name} at the broker's door`);
    const first = await startStallingSeeder(stage, rng, PATIENT);
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

const killSeeding: ProcessFault = {
  disturbs: 'broker',
  when: 'seeding',
  run: SEEDING_RUN,
  inject: async (stage, rng) => {
    const seeder = await startStallingSeeder(stage, rng);
    const stalled = await publishingStalled(stage, seeder);
    const observed = await stage.killBroker();
    // It reconnects by itself as soon as there is something to connect to.
    for (const proxy of stage.proxies) proxy.heal();
    return { target: `${stage.backend} while ${seeder.name} publishes`, observed: `${stalled}; ${observed}` };
  },
  heal: async (stage) => {
    await stage.restartBroker();
    // That very seeder must survive the restart.
    await Promise.all(stage.processes.all('seeder').map((seeder) => seededBy(stage, seeder)));
  },
};

export const seedingFaults: Record<string, ProcessFault> = {
  'seeder-kill': seederKill,
  'two-seeders': twoSeeders,
  'broker-kill-seeding': killSeeding,
};
