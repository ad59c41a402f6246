/** Faults of the broker: killed without warning and started again on its data, or a loss of power that takes the last second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'node:net';
import { isRunning } from '../demo/processes.mjs';
import { Stop } from '../steps.mjs';
import { publishingStalled, SEEDING_RUN, startStallingSeeder } from './seeder.mjs';

/** @typedef {import('./types.mjs').Fault} Fault */

const SECOND_MS = 1000;

/** @param {import('./types.mjs').FaultStage} stage @returns {Promise<string>} what was observed */
async function killBroker({ broker }) {
  await broker.kill9();
  const answer = await dial(broker.port);
  if (answer !== 'ECONNREFUSED') throw new Stop(`${broker.backend} was killed, but port ${broker.port} answers: ${answer}`);
  return `port ${broker.port}: connection refused`;
}

/** @type {Fault['heal']} */
const restart = async ({ broker }) => broker.restart();

/** @type {Fault} */
const killDraining = {
  needs: ['process'],
  when: 'draining',
  inject: async (stage) => ({ target: stage.backend, observed: await killBroker(stage) }),
  heal: restart,
};

/** @type {Fault} */
const killSeeding = {
  needs: ['process'],
  when: 'seeding',
  run: SEEDING_RUN,
  inject: async (stage, rng) => {
    const seeder = await startStallingSeeder(stage, rng);
    const stalled = await publishingStalled(stage, seeder);
    const observed = await killBroker(stage);
    // It reconnects by itself as soon as there is something to connect to.
    for (const proxy of stage.proxies) proxy.heal();
    return { target: `${stage.backend} while ${seeder.name} publishes`, observed: `${stalled}; ${observed}` };
  },
  heal: async (stage) => {
    await stage.broker.restart();
    const seeder = stage.processes.all('seeder')[0];
    await stage.until(() => seeder && !isRunning(seeder), 'the end of the seeder');
    if (seeder?.child.exitCode !== 0) throw new Stop(`the seeder did not survive the restart: exit status ${seeder?.child.exitCode}\n${seeder?.log}`);
  },
};

/**
 * Redis loses what it wrote since its last fsync, at most a second. RabbitMQ confirms after the write to disk, so a loss of
 * power takes nothing that it confirmed: to everybody else it is a kill -9, and that is what is done.
 * @type {Fault}
 */
const powerLoss = {
  needs: ['process'],
  when: 'draining',
  inject: async (stage) => {
    const { broker } = stage;
    if (stage.backend === 'rabbitmq') return { target: 'rabbitmq', observed: await killBroker(stage) };
    const before = await broker.logBytes();
    await sleep(SECOND_MS, undefined, { signal: stage.signal });
    const [lost, recorded] = [(await broker.logBytes()) - before, (await stage.read()).results.length];
    const refused = await killBroker(stage);
    await broker.cutLog(lost);
    if (lost === 0) throw new Stop('nothing was written in the last second: there was nothing to lose');
    return { target: 'redis', observed: `${refused}; ${lost} bytes cut off its log, which had ${recorded} results` };
  },
  heal: async (stage) => {
    await stage.broker.restart();
    // Where the seeding itself was lost, or what it put into the queue: safe in any case.
    stage.startSeeder();
  },
};

/** @param {number} port @returns {Promise<string>} the error's code, or `open` */
function dial(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve('open');
    });
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}

/** @type {Record<string, Fault>} */
export const brokerFaults = { 'broker-kill-draining': killDraining, 'broker-kill-seeding': killSeeding, 'power-loss': powerLoss };
