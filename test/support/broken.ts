/** Adapters that do wrong on purpose, past the port: a verdict that cannot tell them from right ones proves nothing. */
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import type { Delivery } from '../../core/broker/port.js';
import type { Chunk } from '../../core/model/chunk.js';
import type { Result } from '../../core/wire/records.js';
import { decodeChunk } from '../../core/wire/chunk-codec.js';
import { encodeRecord } from '../../core/wire/record-codec.js';
import { fromFields, toFields } from '../../core/broker/redis/codec.js';
import type { Reachable } from './shared.js';

/** Without a fence: completes whoever holds the lease, by a bare append. */
export function unfenced(
  delivery: Delivery,
  broker: Reachable,
  prefix: string,
): { complete(result: Result): Promise<void> } {
  const { runId, chunkId, start, end } = delivery.chunk;
  return {
    complete: async (result: Result) => {
      const wire = encodeRecord({ kind: 'result', runId, chunkId, start, end, ...result, attempt: delivery.attempt });
      if (broker.backend === 'redis')
        await withRedis(broker, (redis) => redis.xadd(`${prefix}:results`, '*', ...toFields(wire)));
      else
        await withChannel(broker, (channel) =>
          channel.sendToQueue(`${prefix}.results`, Buffer.from(JSON.stringify(wire)), {
            persistent: true,
            contentType: 'application/json',
          }),
        );
    },
  };
}

/** In the wrong order: takes the oldest chunk, acknowledges it, and dies before its record. */
export async function ackThenDie(broker: Reachable, prefix: string): Promise<Chunk> {
  if (broker.backend === 'redis') {
    return withRedis(broker, async (redis) => {
      const [tasks, group] = [`${prefix}:tasks`, `${prefix}-workers`];
      const reply = (await redis.xreadgroup('GROUP', group, 'broken', 'COUNT', 1, 'STREAMS', tasks, '>')) as [
        string,
        [string, string[]][],
      ][];
      const [id, fields] = reply[0]?.[1][0] ?? ['', []];
      await redis.xack(tasks, group, id);
      await redis.xdel(tasks, id);
      return decodeChunk(fromFields(fields));
    });
  }
  return withChannel(broker, async (channel) => {
    const message = await channel.get(`${prefix}.tasks`);
    if (!message) throw new Error('the queue is empty');
    channel.ack(message);
    return decodeChunk(JSON.parse(message.content.toString()));
  });
}

async function withRedis<T>(broker: Reachable, body: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host: broker.host, port: broker.port, password: broker.password });
  try {
    return await body(redis);
  } finally {
    await redis.quit();
  }
}

async function withChannel<T>(broker: Reachable, body: (channel: amqp.ConfirmChannel) => Promise<T> | T): Promise<T> {
  const connection = await amqp.connect({
    hostname: broker.host,
    port: broker.port,
    username: broker.user,
    password: broker.password,
  });
  try {
    const channel = await connection.createConfirmChannel();
    const done = await body(channel);
    await channel.waitForConfirms();
    await channel.close();
    return done;
  } finally {
    await connection.close();
  }
}
