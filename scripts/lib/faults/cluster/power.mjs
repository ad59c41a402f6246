/** A loss of power: the broker ends, and what it wrote in the last second before is not on the disk. */
import { Stop } from '../../steps.mjs';
import { strike, withPids } from './exec.mjs';
import { nameOf } from './workers.mjs';

/**
 * Inside Redis' own container: how much its append-only file grew in a second, then frozen, so much cut off, and killed. At a
 * start Redis takes a file that ends in the middle of a command for what it is.
 */
const LOSE_A_SECOND = withPids(
  'redis',
  [
    'size() { cat /data/appendonlydir/*.incr.aof | wc -c; }',
    'before=$(size); sleep 1',
    'kill -STOP $pids; after=$(size); lost=$((after - before))',
    'file=$(ls -t /data/appendonlydir/*.incr.aof | head -n 1)',
    'truncate -s -$lost "$file"',
    'echo "at $(date +%s%3N) process$pids, $lost of $after bytes cut off its log"',
    'kill -KILL $pids',
  ].join('; '),
);

/**
 * RabbitMQ confirms after the write to disk, so a loss of power takes nothing that it confirmed: to everybody else it is a
 * kill -9, and that is what is done.
 * @type {import('./stage.mjs').ClusterFault}
 */
const powerLoss = {
  when: 'draining',
  inject: async (stage) => {
    if (stage.backend === 'rabbitmq') return { target: 'rabbitmq', observed: await stage.killBroker() };
    const [recorded, before] = [(await stage.read()).results.length, await stage.brokerPod.container()];
    const { at, observed } = await strike(stage.where, nameOf(await stage.brokerPod.pod()), LOSE_A_SECOND);
    if (/, 0 of/.test(observed)) throw new Stop('nothing was written in the last second: there was nothing to lose');
    return {
      target: 'redis',
      observed: `${observed}, which had ${recorded} results or more; ${await stage.brokerPod.replaced(before)}`,
      struckAt: at,
    };
  },
  heal: async (stage) => {
    await stage.restartBroker();
    // Where the seeding itself was lost, or what it put into the queue: safe in any case.
    await stage.reseed();
  },
};

/** @type {Record<string, import('./stage.mjs').ClusterFault>} */
export const powerFaults = { 'power-loss': powerLoss };
