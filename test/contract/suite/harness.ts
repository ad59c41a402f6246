/** One suite, every backend, every way to get it: starts the broker once a file and runs every clause on it. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startBroker, type LocalBroker } from '../../../ops/local/broker.js';
import { type Backend } from '../../../ops/local/config.js';
import { Bench, type BenchOptions } from '../../support/bench.js';
import { testProviders } from '../../support/provider.js';
import { describeConnecting } from './connecting.js';
import { describeCrashing } from './crashing.js';
import { describeDeadLetters } from './dead-letters.js';
import { describeDying } from './dying.js';
import { describeForgetting } from './forgetting.js';
import { describeHalting } from './halting.js';
import { describeLeasing } from './leasing.js';
import { describeLimits } from './limits.js';
import { describePartly } from './partly.js';
import { describePublishing } from './publishing.js';
import { describeReading } from './reading.js';
import { describeSettling } from './settling.js';
import { describeSplitting } from './splitting.js';

export interface Harness {
  readonly backend: Backend;
  /**
   * RabbitMQ: a lease ends with the connection, at once; nobody else can hold the chunk while it stands, and a worker
   * whose connection is gone cannot know. Redis: a lease ends when its worker has been silent for STALE_THRESHOLD_MS.
   */
  readonly leaseIsConnection: boolean;
  /** A broken connection ends its leases at once; on the embedded broker silence does so too. */
  readonly leaseEndsWithConnection: boolean;
  /** What leads nowhere, and what an error then says. */
  readonly nowhere: { readonly env: Record<string, string>; readonly named: RegExp };
  broker(): LocalBroker;
  /** A broker that promises what it confirmed even to kill -9. */
  durableBroker(): Promise<LocalBroker>;
  bench(options?: BenchOptions): Bench;
}

/** A few at a time: each has its own queue, and spends its time waiting. */
const SIDE_BY_SIDE = [
  describeConnecting,
  describeLeasing,
  describeSettling,
  describeSplitting,
  describeDeadLetters,
  describeReading,
  describeDying,
  describePartly,
  describeHalting,
  describeForgetting,
  describeLimits,
];
/** These keep the machine busy, or kill the broker. */
const ALONE = [describePublishing, describeCrashing];

export async function describeContract(backend: Backend): Promise<void> {
  for (const provider of await testProviders(backend)) {
    describe(`${backend} by ${provider}`, () => {
      let broker: LocalBroker | undefined;
      const extra: LocalBroker[] = [];
      const started = () => {
        if (!broker) throw new Error('the broker is started in beforeAll: ask for it inside a test');
        return broker;
      };
      beforeAll(async () => {
        broker = await startBroker(backend, { provider });
      });
      afterAll(async () => {
        await Promise.all([...(broker ? [broker] : []), ...extra].map((each) => each.stop()));
      });
      const harness: Harness = {
        backend,
        leaseIsConnection: backend === 'rabbitmq',
        leaseEndsWithConnection: backend !== 'redis',
        nowhere:
          backend === 'embedded'
            ? { env: { EMBEDDED_SOCKET: '/tmp/ttg-nobody/socket' }, named: /\/tmp\/ttg-nobody\/socket/ }
            : // Port 9 of this machine: nobody listens there.
              { env: { REDIS_PORT: '9', RABBITMQ_PORT: '9' }, named: /127\.0\.0\.1:9/ },
        broker: started,
        // With the chart's `appendfsync everysec` the last second may be lost to kill -9; that is written where users
        // read it.
        durableBroker: async () => {
          if (backend !== 'redis') return started();
          const durable = await startBroker(backend, { provider, appendfsync: 'always' });
          extra.push(durable);
          return durable;
        },
        bench: (options) => new Bench(started(), options),
      };
      describe.concurrent('a few at a time', () => {
        for (const clauses of SIDE_BY_SIDE) clauses(harness);
      });
      for (const clauses of ALONE) clauses(harness);
    });
  }
}
