/**
 * What only Redis has: servers that cannot keep the promise, rights that are missing, and keys that hold something
 * else.
 */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalBroker } from '../../ops/local/broker.js';
import { ChunkError, ConfigError } from '../../core/runtime/errors.js';
import { Bench, publish, reachesDepth, readResults, receive, receiveOne, resultOf } from '../support/bench.js';
import { freePorts } from '../../ops/local/ports.js';
import { startTestBroker } from '../support/provider.js';
import { eventually, within } from '../support/wait.js';

/** `REDIS_PORT` and the like may name a server that these tests must not touch: each has its own. */
const start = (settings: readonly string[] = []): Promise<LocalBroker> => startTestBroker('redis', { settings });

function operator(broker: LocalBroker): Redis {
  const redis = new Redis({ host: broker.host, port: broker.port, password: broker.password });
  redis.on('error', () => undefined);
  return redis;
}

describe('a server in cluster mode', () => {
  it('is refused at once, with the remedy', async () => {
    // Without it the bus takes the port above by 10,000, where anybody's connection may be.
    const [bus] = await freePorts(1);
    const broker = await start(['cluster-enabled yes', `cluster-port ${bus}`]);
    try {
      // No Bench as a resource: nothing can be cleaned up where nothing can be stored.
      const connecting = new Bench(broker).connectOnly();
      await expect(within(connecting, 10_000, 'refusing')).rejects.toThrow(ConfigError);
      await expect(connecting).rejects.toThrow(/cluster mode.*REDIS_HOST/);
    } finally {
      await broker.stop();
    }
  });
});

describe('a server of its own', () => {
  let broker: LocalBroker;
  let admin: Redis;
  beforeAll(async () => {
    broker = await start();
    admin = operator(broker);
  });
  afterAll(async () => {
    admin.disconnect();
    await broker.stop();
  });

  /** Makes it a replica of a server that is not there. */
  const demote = () => admin.call('REPLICAOF', '127.0.0.1', '9');
  const promote = () => admin.call('REPLICAOF', 'NO', 'ONE');

  it('is waited for while it is a replica, and the reason is told where that takes too long', async () => {
    await using bench = new Bench(broker);
    await demote();
    try {
      const attempt = bench.connectOnly('w1', { CONNECT_TIMEOUT_SECONDS: '1' });
      await expect(within(attempt, 10_000, 'giving up')).rejects.toThrow(/replica.*primary/);
      const waiting = bench.connectOnly('w2');
      await promote();
      const worker = await within(waiting, 10_000, 'connecting to what is a primary by now');
      await worker.prepare();
      expect(await publish(worker, 1)).toHaveLength(1);
    } finally {
      await promote();
    }
  });

  it('that becomes a replica is left, and what was to be written is written once it is a primary again', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    await publish(worker, 2);
    const deliveries = await receive(worker, 2);
    const connections = async () => String(await admin.call('CLIENT', 'LIST')).match(/^id=\d+(?=.* name=w1 )/gm) ?? [];
    const before = await connections();
    expect(before.length).toBeGreaterThan(0);
    await demote();
    try {
      const settling = worker.settle(
        deliveries.map((delivery) => ({ delivery, verb: 'complete' as const, result: resultOf(delivery.chunk) })),
      );
      // The connection that was refused a write is dropped: it is not used any more, not even to read what may be old.
      const isLeft = async () => (await connections()).join() !== before.join();
      await eventually(isLeft, 10_000, 'the worker leaving the replica');
      await promote();
      expect(await within(settling, 20_000, 'settling')).toEqual([undefined, undefined]);
      expect(await readResults(worker)).toHaveLength(2);
    } finally {
      await promote();
    }
  });

  it('with too few rights is refused before anything is written, and the rights are named', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.connectOnly();
    await admin.call('ACL', 'SETUSER', 'default', '-zadd', '-xclaim');
    try {
      await expect(worker.prepare()).rejects.toThrow(ConfigError);
      await expect(worker.prepare()).rejects.toThrow(/XCLAIM on .*:tasks.*ZADD on .*ACL SETUSER/);
      expect(await admin.keys(`${bench.prefix}*`)).toEqual([]);
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', '+@all');
    }
  });

  it('that takes a right away from a worker ends it with a ConfigError', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    await publish(worker, 1);
    const delivery = await receiveOne(worker);
    await admin.call('ACL', 'SETUSER', 'default', '-xadd');
    try {
      await expect(delivery.complete(resultOf(delivery.chunk))).rejects.toThrow(ConfigError);
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', '+@all');
    }
  });

  it('that does not let its settings be asked for is used, and says that they were not checked', async () => {
    await using bench = new Bench(broker);
    await admin.call('ACL', 'SETUSER', 'default', '-info', '-config');
    try {
      const worker = await bench.worker();
      expect(await worker.concerns()).toMatchObject([
        { fatal: false, message: expect.stringMatching(/INFO/) as string },
      ]);
      expect(await worker.capacity()).toMatchObject({ memoryUsed: undefined, memoryLimit: undefined });
      expect(await publish(worker, 1)).toHaveLength(1);
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', '+@all');
    }
  });

  it('that evicts, or keeps nothing on disk, is a concern', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    expect(await worker.concerns()).toEqual([]);
    await admin.config('SET', 'maxmemory', '1gb', 'maxmemory-policy', 'allkeys-lru', 'appendonly', 'no');
    try {
      expect(await worker.concerns()).toMatchObject([
        { fatal: true, message: expect.stringMatching(/allkeys-lru.*noeviction/) as string },
        { fatal: false, message: expect.stringMatching(/appendonly/) as string },
      ]);
      await admin.config('SET', 'maxmemory', '0');
      expect((await worker.concerns()).map(({ fatal }) => fatal)).toEqual([false, false]);
    } finally {
      await admin.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction', 'appendonly', 'yes');
    }
    await admin.config('SET', 'appendfsync', 'no');
    try {
      expect(await worker.concerns()).toMatchObject([{ message: expect.stringMatching(/appendfsync no/) as string }]);
    } finally {
      await admin.config('SET', 'appendfsync', 'everysec');
    }
  });

  it.each(['tasks', 'tasks:dlq', 'results', 'halted'])(
    'where %s holds something else is refused before anything is written',
    async (key) => {
      await using bench = new Bench(broker);
      const worker = await bench.connectOnly();
      await admin.set(`${bench.prefix}:${key}`, 'a string');
      await expect(worker.prepare()).rejects.toThrow(ConfigError);
      await expect(worker.prepare()).rejects.toThrow(new RegExp(`${bench.prefix}:${key} is a string`));
    },
  );

  it('whose dead-letter queue becomes something else says so, and changes nothing', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    await publish(worker, 1);
    const delivery = await receiveOne(worker);
    await admin.set(`${bench.prefix}:tasks:dlq`, 'a string');
    const error = new ChunkError('boom', { retryable: false });
    await expect(delivery.deadLetter(error, 'w1')).rejects.toThrow(/one of the keys.*TYPE/);
    expect(await admin.xlen(`${bench.prefix}:results`)).toBe(0);
    expect(await admin.xlen(`${bench.prefix}:tasks`)).toBe(1);
  });

  it('that is full keeps leases alive, and a settle ends when nobody waits for it any more', async () => {
    await using bench = new Bench(broker);
    const giveUp = new AbortController();
    const worker = await bench.worker('w1', {}, { giveUp: giveUp.signal });
    await publish(worker, 2);
    const [first, second] = await receive(worker, 2);
    await admin.config('SET', 'maxmemory', '1mb');
    try {
      const settling = first!.complete(resultOf(first!.chunk));
      const ended = settling.catch((error: unknown) => error);
      await second!.extendLease();
      expect(await Promise.race([ended, worker.depth().then(() => 'waits')])).toBe('waits');
      giveUp.abort();
      expect(await within(ended, 2000, 'giving up')).toBeInstanceOf(Error);
      await within(worker[Symbol.asyncDispose](), 3000, 'leaving');
    } finally {
      await admin.config('SET', 'maxmemory', '0');
    }
    const other = await bench.worker('other');
    expect((await receive(other, 2, 5000)).map(({ attempt }) => attempt)).toEqual([1, 1]);
    await reachesDepth(other, { leased: 2 });
  });
});
