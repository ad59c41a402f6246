/**
 * Faults of the broker wherever it runs: killed while the run is drained, fed bytes that are no chunk, or robbed of its
 * queue.
 */
import { Stop } from '../ops/script/stop.js';
import type { Fault } from './types.js';

const killDraining: Fault = {
  disturbs: 'broker',
  when: 'draining',
  inject: async (stage) => ({ target: stage.backend, observed: await stage.killBroker() }),
  heal: (stage) => stage.restartBroker(),
};

export const brokerFaults: Record<string, Fault> = { 'broker-kill-draining': killDraining };

/** No UTF-8, no JSON, and NUL bytes among them. */
const POISON = Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0xc3, 0x28, 0x00, 0x80]);

const poisonMessage: Fault = {
  when: 'draining',
  inject: async (stage) => {
    await using raw = await stage.raw();
    await raw.putTask(POISON);
    await stage.until(
      async () => (await raw.deadLetters()).some((bytes) => bytes.includes(POISON)),
      'the undecodable message among the dead letters, as it was',
    );
    return {
      target: 'queue',
      observed: `${POISON.length} undecodable bytes put in, found unchanged among the dead letters`,
    };
  },
  heal: async () => {},
  prove: async (stage, _, { ledger }) => {
    const { dead } = await stage.observer.depth();
    if (dead !== 1 || ledger.undecodable.length > 0)
      throw new Stop(`${dead} dead letters and ${ledger.undecodable.length} undecodable records, not 1 and 0`);
  },
};

const queueLost: Fault = {
  when: 'draining',
  // Enough chunks that some are still in the queue when it goes.
  run: { TOTAL_PARAMETERS: '800', CHUNK_SIZE: '4', SIMULATE_WORK_MS: '20' },
  inject: async (stage) => {
    await using raw = await stage.raw();
    const purged = await raw.purgeQueue();
    if (purged === 0) throw new Stop('the queue was empty already: nothing was lost');
    return { target: 'queue', observed: `${purged} chunks were in it, none are` };
  },
  heal: async (stage) => {
    const repairs = async () => (await stage.read()).ledger.seeded.filter(({ reason }) => reason === 'repair').length;
    const before = await repairs();
    // RabbitMQ cannot list its queue, and tells late how many chunks workers hold. As long as it tells of any, the
    // seeder takes nothing for lost, and ends; so it is run until it has.
    await stage.until(async () => {
      const { ready, leased, delayed } = await stage.observer.depth();
      if (ready + leased + delayed > 0) return false;
      await stage.reseed();
      return (await repairs()) > before;
    }, 'the lost chunks published again');
  },
};

export const queueFaults: Record<string, Fault> = { 'poison-message': poisonMessage, 'queue-lost': queueLost };
