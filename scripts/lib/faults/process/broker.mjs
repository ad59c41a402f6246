/** The broker killed while it is seeded, and a loss of power that takes the last second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Stop } from '../../steps.mjs';
import { publishingStalled, SEEDING_RUN, startStallingSeeder } from './seeder.mjs';
import { seededBy } from './stage.mjs';

/** @typedef {import('./stage.mjs').ProcessFault} Fault */

const SECOND_MS = 1000;

/** @type {Fault} */
const killSeeding = {
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

/**
 * Redis loses what it wrote since its last fsync, at most a second. RabbitMQ confirms after the write to disk, so a loss of
 * power takes nothing that it confirmed: to everybody else it is a kill -9, and that is what is done.
 * @type {Fault}
 */
const powerLoss = {
  disturbs: 'broker',
  when: 'draining',
  inject: async (stage) => {
    const { broker } = stage;
    if (stage.backend === 'rabbitmq') return { target: 'rabbitmq', observed: await stage.killBroker() };
    const before = await broker.logBytes();
    await sleep(SECOND_MS, undefined, { signal: stage.signal });
    const [lost, recorded] = [(await broker.logBytes()) - before, (await stage.read()).results.length];
    const refused = await stage.killBroker();
    await broker.cutLog(lost);
    if (lost === 0) throw new Stop('nothing was written in the last second: there was nothing to lose');
    return { target: 'redis', observed: `${refused}; ${lost} bytes cut off its log, which had ${recorded} results` };
  },
  heal: async (stage) => {
    await stage.restartBroker();
    // Where the seeding itself was lost, or what it put into the queue: safe in any case.
    await stage.reseed();
  },
};

/** @type {Record<string, Fault>} */
export const brokerFaults = { 'broker-kill-seeding': killSeeding, 'power-loss': powerLoss };
