/** What a worker believes where RabbitMQ's statistics are old: while somebody holds chunks the run is not drained. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableProviders, startBroker, type LocalBroker } from '../../ops/local/broker.js';
import { Bench, publish, receive } from '../support/bench.js';
import { eventually } from '../support/wait.js';

/** The management API tells a sample for so many seconds. */
const SAMPLED_RARELY = [
  'management.sample_retention_policies.global.minute = 18',
  'management.sample_retention_policies.basic.minute = 18',
  'management.sample_retention_policies.detailed.minute = 18',
];
/** A quorum queue tells its own count every 5 s. */
const TOLD_MS = 12_000;
/** Before 4.0 the management API does not give it: there the next sample has to do. */
const SAMPLED_MS = 45_000;

const providers = (await availableProviders('rabbitmq')).filter((provider) => provider !== 'packages');

describe.each(providers)('RabbitMQ by %s', (provider) => {
  let broker: LocalBroker;
  let tellsOwnCount: boolean;
  beforeAll(async () => {
    broker = await startBroker('rabbitmq', { provider, settings: SAMPLED_RARELY });
    const { rabbitmq_version: version } = await api<{ rabbitmq_version: string }>('overview');
    tellsOwnCount = Number.parseInt(version, 10) >= 4;
  });
  afterAll(() => broker.stop());

  async function api<T>(path: string): Promise<T> {
    const authorization = `Basic ${Buffer.from(`${broker.user}:${broker.password}`).toString('base64')}`;
    const response = await fetch(`http://127.0.0.1:${broker.managementPort}/api/${path}`, {
      headers: { authorization },
    });
    return (await response.json()) as T;
  }

  it('tells the chunks that are held while the last sample of its statistics says that there are none', async () => {
    await using bench = new Bench(broker);
    const [busy, idle] = [await bench.worker('busy'), await bench.worker('idle')];
    await publish(busy, 4);
    const path = `queues/%2F/${bench.prefix}.tasks`;
    const sampled = async () => (await api<{ messages_unacknowledged?: number }>(path)).messages_unacknowledged;
    await eventually(async () => (await sampled()) === 0, SAMPLED_MS, 'a first sample, in which nobody holds anything');
    const held = await receive(busy, 4);
    expect(held).toHaveLength(4);
    const soon = tellsOwnCount ? TOLD_MS : SAMPLED_MS;
    await eventually(async () => (await idle.depth()).leased === 4, soon, 'that four chunks are held');
    expect(await sampled()).toBe(tellsOwnCount ? 0 : 4);
  }, 120_000);
});
