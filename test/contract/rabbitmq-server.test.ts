/** What only RabbitMQ has: limits that end a lease, messages that are too large, rights and virtual hosts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableProviders, startBroker, type LocalBroker } from '../../ops/local/broker.js';
import { ChunkError, ConfigError, LeaseLost, Unrecordable } from '../../core/runtime/errors.js';
import { chunksOf } from '../../core/model/plan.js';
import {
  Bench,
  CREATED_AT,
  never,
  plan,
  publish,
  reachesDepth,
  readRecords,
  readResults,
  receive,
  receiveOne,
  resultOf,
} from '../support/bench.js';
import { eventually, holds, within } from '../support/wait.js';
import { seeding } from '../support/worker.js';

const CONSUMER_TIMEOUT_MS = 2000;
const MAX_MESSAGE_BYTES = 200_000;
const SETTINGS = [
  `consumer_timeout = ${CONSUMER_TIMEOUT_MS}`,
  `max_message_size = ${MAX_MESSAGE_BYTES}`,
  'disk_free_limit.absolute = 1MB',
];

async function operate(broker: LocalBroker, method: string, path: string, body?: unknown): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`${broker.user}:${broker.password}`).toString('base64')}`;
  const response = await fetch(`http://127.0.0.1:${broker.managementPort}/api/${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json', 'x-reason': 'maintenance' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const providers = (await availableProviders('rabbitmq')).filter((provider) => provider !== 'packages');

describe.each(providers)('RabbitMQ by %s', (provider) => {
  let broker: LocalBroker;
  /** Whether a queue can have a time limit of its own. */
  let ownLimit: boolean;
  beforeAll(async () => {
    broker = await startBroker('rabbitmq', { provider, settings: SETTINGS });
    const { rabbitmq_version: version } = (await operate(broker, 'GET', 'overview')) as { rabbitmq_version: string };
    const [major = 0, minor = 0] = version.split('.').map(Number);
    ownLimit = major > 3 || minor >= 12;
  });
  afterAll(() => broker.stop());

  it('lets a chunk take longer than consumer_timeout, counts its result once and no attempt beyond the first', async () => {
    await using bench = new Bench(broker);
    const slow = await bench.worker('slow');
    await publish(slow, 1);
    const delivery = await receiveOne(slow);
    if (ownLimit) {
      const other = await bench.worker('other');
      const stillHeld = async () => (await other.receive({ max: 1, waitMs: 100, signal: never })).length === 0;
      await holds(stillHeld, 4 * CONSUMER_TIMEOUT_MS, 'nobody else gets the chunk');
      await delivery.extendLease();
      await delivery.complete(resultOf(delivery.chunk, 'slow'));
    } else {
      // The broker counts each of these as a death of this worker, which lives.
      for (let times = 0; times < 3; times++) {
        const again = await receiveOne(slow);
        expect(again.attempt).toBe(1);
        await again.extendLease();
      }
      const lost = await delivery.complete(resultOf(delivery.chunk, 'slow')).catch((error: unknown) => error);
      expect(lost).toBeInstanceOf(LeaseLost);
      expect(lost).toMatchObject({ cause: { code: 406 }, recorded: true });
      expect(String(lost)).toMatch(/consumer_timeout.*CHUNK_TIMEOUT_SECONDS.*recorded nevertheless/s);
    }
    const next = await bench.worker('next');
    await eventually(
      async () => {
        expect(await next.receive({ max: 1, waitMs: 100, signal: never })).toEqual([]);
        const { ready, leased } = await next.depth();
        return ready + leased === 0;
      },
      20_000,
      'an empty queue without another computation',
    );
    expect(await readRecords(next)).toMatchObject([{ kind: 'result', workerId: 'slow', attempt: 1 }]);
    await reachesDepth(next, { unfinished: 0, dead: 0 });
  });

  it('says why it closed the connection of a worker that holds chunks', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker('forced');
    await publish(worker, 1);
    const delivery = await receiveOne(worker);
    const lost = await eventually(
      async () => {
        // By user: the list of connections is statistics, seconds old, and consumer_timeout may end the lease before.
        await operate(broker, 'DELETE', `connections/username/${broker.user}`);
        return delivery.extendLease().then(
          () => false as const,
          (error: unknown) => error,
        );
      },
      10_000,
      'the loss of the lease',
    );
    expect(lost).toBeInstanceOf(LeaseLost);
    expect(lost).toMatchObject({ cause: { code: 320 } });
    expect(String(lost)).toContain('maintenance');
  });

  it('answers a record above max_message_size by Unrecordable, and keeps the leases of its neighbours', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    const count = MAX_MESSAGE_BYTES / 8;
    await seeding(worker, (held) => held.publish(chunksOf(plan(2, count), CREATED_AT)));
    const [large, small] = await receive(worker, 2);
    const values = Array.from({ length: count }, Math.random);
    const answers = await worker.settle([
      { delivery: large!, verb: 'complete', result: { ...resultOf(large!.chunk), values } },
      { delivery: small!, verb: 'complete', result: resultOf(small!.chunk) },
    ]);
    expect(answers[0]).toBeInstanceOf(Unrecordable);
    expect(answers[0]?.message).toMatch(/max_message_size.*CHUNK_SIZE/);
    expect(answers[1]).toBeUndefined();
    // Before anything else is looked at: held for longer than consumer_timeout it would be lost for that.
    await large!.extendLease();
    await large!.release();
    expect(await readResults(worker)).toMatchObject([{ chunkId: small!.chunk.chunkId }]);
  });

  it('takes the longest error and stack that a computation can throw', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    await publish(worker, 1);
    const delivery = await receiveOne(worker);
    const error = new ChunkError('€'.repeat(100_000), { retryable: false });
    error.stack = '\u{1f9ee}'.repeat(100_000);
    await delivery.deadLetter(error, 'w1');
    expect(await readRecords(worker)).toMatchObject([{ kind: 'dead' }]);
    await reachesDepth(worker, { unfinished: 0, dead: 1 });
  });

  it('is asked before anything is published whether it takes the records of the run', async () => {
    await using bench = new Bench(broker);
    const fatal = async (env: Record<string, string>) =>
      (await (await bench.worker('seeder', env)).concerns()).filter((concern) => concern.fatal);
    expect(await fatal({ KEEP_VALUES: 'true', CHUNK_SIZE: '100' })).toEqual([]);
    expect(await fatal({ KEEP_VALUES: 'false', CHUNK_SIZE: '100000' })).toEqual([]);
    const [concern] = await fatal({ KEEP_VALUES: 'true', CHUNK_SIZE: '100000' });
    expect(concern?.message).toMatch(/max_message_size.*CHUNK_SIZE/);
  });

  it('warns of a CHUNK_TIMEOUT_SECONDS above its consumer_timeout only where that would end a lease', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker('seeder', { CHUNK_TIMEOUT_SECONDS: '7200' });
    const about = (await worker.concerns()).filter(({ message }) => message.includes('consumer_timeout'));
    expect(about).toHaveLength(ownLimit ? 0 : 1);
    expect(about.every((concern) => !concern.fatal)).toBe(true);
  });

  describe('with a user of few rights', () => {
    const NONE = '^$';
    const ALL = '.*';
    const login = { RABBITMQ_USER: 'limited', RABBITMQ_PASSWORD: 'limited' };
    const grant = (configure: string, write: string, read: string) =>
      operate(broker, 'PUT', 'permissions/%2F/limited', { configure, write, read });
    beforeAll(async () => {
      await operate(broker, 'PUT', 'users/limited', { password: 'limited', tags: 'monitoring' });
      await operate(broker, 'PUT', 'vhosts/closed');
    });

    it.each([
      ['does not exist', 'nowhere', /no virtual host "nowhere".*RABBITMQ_VHOST/],
      ['is closed to the user', 'closed', /refuses user "limited" the virtual host "closed".*set_permissions/],
    ])('refuses a virtual host that %s as a ConfigError, at once', async (_, vhost, message) => {
      const bench = new Bench(broker);
      const attempt = within(bench.connectOnly('w1', { ...login, RABBITMQ_VHOST: vhost }), 10_000, 'refusing');
      await expect(attempt).rejects.toThrow(ConfigError);
      await expect(attempt).rejects.toThrow(message);
    });

    it('names the right that is missing, and what for', async () => {
      await using bench = new Bench(broker);
      const admin = await bench.worker('admin');
      await publish(admin, 1);
      // Rights are looked up anew on each connection.
      await grant(NONE, ALL, ALL);
      const preparing = (await bench.connectOnly('w1', login)).prepare();
      await expect(preparing).rejects.toThrow(ConfigError);
      await expect(preparing).rejects.toThrow(new RegExp(`right to configure queue ${bench.prefix}\\.`));
      await grant(ALL, ALL, NONE);
      const receiving = (await bench.connectOnly('w2', login)).receive({ max: 1, waitMs: 0, signal: never });
      await expect(receiving).rejects.toThrow(ConfigError);
      await expect(receiving).rejects.toThrow(new RegExp(`right to read queue ${bench.prefix}\\.tasks`));
      await grant(ALL, NONE, ALL);
      const publishing = publish(await bench.connectOnly('w3', login), 1);
      await expect(publishing).rejects.toThrow(ConfigError);
      await expect(publishing).rejects.toThrow(new RegExp(`right to write queue ${bench.prefix}\\.tasks`));
    });
  });
});
