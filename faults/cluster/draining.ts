/** Faults on a cluster while a run is drained: a loss of power, a worker out of memory, a connection that is cut. */
import { signalScript, signalInPod, withPids } from '../../ops/cluster/exec.js';
import { nameOf, podsOf, untilEnded } from '../../ops/cluster/pods.js';
import { Stop } from '../../ops/script/stop.js';
import { hitHolder, preload } from '../hit.js';
import type { Effect } from '../../ops/run/observe.js';
import { completedByAnother } from '../worker.js';
import { requireKind, inNode } from './nodes.js';
import type { ClusterFault, ClusterStage } from './stage.js';

const partition: ClusterFault = {
  when: 'draining',
  inject: async (stage, rng) => {
    requireKind(stage);
    const hit = await hitHolder(
      stage,
      rng,
      (victim) => cut(stage, victim),
      (victim) => restore(stage, victim),
    );
    await completedByAnother(stage, hit);
    const dropped = await droppedPackets(stage, hit.worker);
    if (dropped === 0) throw new Stop(`no packet of ${hit.worker} was dropped: it was not cut off`);
    return { ...hit, observed: `${hit.observed}; ${dropped} packets dropped until another had completed its chunk` };
  },
  heal: (stage, { worker = '' }) => restore(stage, worker),
};

async function rulesFor(stage: ClusterStage, worker: string) {
  const victim = (await podsOf(stage.where, 'worker')).find((pod) => nameOf(pod) === worker);
  const broker = await stage.brokerPod.pod();
  const [ip, node, to] = [victim?.status?.podIP, victim?.spec?.nodeName, broker.status?.podIP];
  if (!ip || !node || !to) throw new Stop(`${worker} has no address any more`);
  // Before the translation of the Service's address: what leaves the worker by its port, what comes back by its sender.
  const port = stage.backend === 'redis' ? '6379' : '5672';
  return {
    node,
    rules: [
      ['-s', ip, '-p', 'tcp', '--dport', port],
      ['-s', to, '-d', ip, '-p', 'tcp', '--sport', port],
    ],
  };
}

async function cut(stage: ClusterStage, worker: string): Promise<Effect> {
  const { node, rules } = await rulesFor(stage, worker);
  const at = Date.now();
  for (const rule of rules) await inNode(node, 'iptables', '-t', 'raw', '-I', 'PREROUTING', ...rule, '-j', 'DROP');
  return { at, observed: `packets between ${worker} and ${stage.backend} are dropped on ${node}` };
}

async function restore(stage: ClusterStage, worker: string) {
  const { node, rules } = await rulesFor(stage, worker);
  for (const rule of rules) await inNode(node, 'iptables', '-t', 'raw', '-D', 'PREROUTING', ...rule, '-j', 'DROP');
}

async function droppedPackets(stage: ClusterStage, worker: string) {
  const {
    node,
    rules: [[, ip] = []],
  } = await rulesFor(stage, worker);
  const table = await inNode(node, 'iptables', '-t', 'raw', '-L', 'PREROUTING', '-n', '-v', '-x');
  return table
    .split('\n')
    .filter((line) => line.includes('DROP') && line.includes(String(ip)))
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0);
}

/**
 * Loaded into workers: at SIGUSR2 the main thread takes memory until there is none. The worker itself must do it: where
 * a second process in its container does, the kernel may end that one alone.
 */
const ALLOCATE = preload('const hoard = []; for (;;) hoard.push(Buffer.alloc(16 << 20, 1));');

const outOfMemory: ClusterFault = {
  when: 'draining',
  prepare: async (stage) => {
    stage.workerEnv = { NODE_OPTIONS: ALLOCATE };
  },
  inject: (stage, rng) =>
    hitHolder(stage, rng, async (name) => {
      const { at, observed } = await signalInPod(stage.where, name, signalScript('worker', 'USR2'));
      const { reason, exitCode } = await untilEnded(stage.where, name, stage.until);
      if (reason !== 'OOMKilled' || exitCode !== 137)
        throw new Stop(
          `${name} ended with ${reason} (exit status ${exitCode}), not by its memory limit`,
          'worker.resources.limits.memory must be set',
        );
      return { at, observed: `${observed}: ${reason}, exit status ${exitCode}` };
    }),
  heal: async () => {},
};

/**
 * Inside Redis' own container: how much its append-only file grew in a second, then frozen, so much cut off, and
 * killed. At a start Redis takes a file that ends in the middle of a command for what it is.
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
 * RabbitMQ confirms after the write to disk, so a loss of power takes nothing that it confirmed: to everybody else it
 * is a kill -9, and that is what is done.
 */
const powerLoss: ClusterFault = {
  when: 'draining',
  inject: async (stage) => {
    if (stage.backend === 'rabbitmq') return { target: 'rabbitmq', observed: await stage.killBroker() };
    const [recorded, before] = [(await stage.read()).results.length, await stage.brokerPod.container()];
    const { at, observed } = await signalInPod(stage.where, nameOf(await stage.brokerPod.pod()), LOSE_A_SECOND);
    if (/, 0 of/.test(observed)) throw new Stop('nothing was written in the last second: there was nothing to lose');
    return {
      target: 'redis',
      observed: `${observed}, which had ${recorded} results or more; ${await stage.brokerPod.replaced(before)}`,
      hitAt: at,
    };
  },
  heal: async (stage) => {
    await stage.restartBroker();
    // Where the seeding itself was lost, or what it put into the queue: safe in any case.
    await stage.reseed();
  },
};

export const drainingFaults: Record<string, ClusterFault> = {
  'worker-oom': outOfMemory,
  'power-loss': powerLoss,
  'partition': partition,
};
