/** The queue as an operator reaches it, past the port: what only faults need. */
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import type { LocalBroker } from '../local/broker.js';

export interface Raw {
  /** puts bytes that are no task message into the queue */
  putTask: (bytes: Buffer) => Promise<void>;
  /** everything that each dead letter carries */
  deadLetters: () => Promise<Buffer[]>;
  /** how many messages are in the queue now, and not settled (Redis) or not delivered (RabbitMQ) */
  waiting: () => Promise<number>;
  /** deletes (Redis) or purges (RabbitMQ) the queue; resolves with the chunks it had */
  loseQueue: () => Promise<number>;
  /** deletes all that the prefix names */
  removeAll: () => Promise<void>;
  close: () => Promise<void>;
}

export type Address = Pick<LocalBroker, 'backend' | 'host' | 'port' | 'user' | 'password'>;

export function openRaw(broker: Address, prefix: string): Promise<Raw> {
  return broker.backend === 'redis' ? openRedis(broker, prefix) : openRabbitmq(broker, prefix);
}

async function openRedis({ host, port, password }: Address, prefix: string): Promise<Raw> {
  const redis = new Redis({ host, port, password, lazyConnect: true });
  redis.on('error', () => {});
  await redis.connect();
  const tasks = `${prefix}:tasks`;
  return {
    putTask: async (bytes) => void (await redis.xadd(tasks, '*', 'raw', bytes)),
    deadLetters: async () => {
      const entries = await redis.xrangeBuffer(`${tasks}:dlq`, '-', '+');
      return entries.map(([, fields]) => Buffer.concat(fields));
    },
    waiting: () => redis.xlen(tasks),
    loseQueue: async () => {
      const had = await redis.xlen(tasks);
      await redis.del(tasks);
      return had;
    },
    removeAll: async () => {
      const keys = await redis.keys(`${prefix}:*`);
      if (keys.length > 0) await redis.unlink(...keys);
    },
    close: async () => redis.disconnect(),
  };
}

async function openRabbitmq({ host, port, user, password }: Address, prefix: string): Promise<Raw> {
  const connection = await amqp.connect({ hostname: host, port, username: user, password });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  return {
    putTask: async (bytes) => {
      channel.sendToQueue(`${prefix}.tasks`, bytes, { persistent: true });
      await channel.waitForConfirms();
    },
    deadLetters: async () => {
      // A channel of its own: closing it gives back what was looked at.
      const looking = await connection.createChannel();
      const found = [];
      for (
        let message = await looking.get(`${prefix}.tasks.dlq`);
        message;
        message = await looking.get(`${prefix}.tasks.dlq`)
      )
        found.push(message.content);
      await looking.close();
      return found;
    },
    waiting: async () => (await channel.checkQueue(`${prefix}.tasks`)).messageCount,
    loseQueue: async () => (await channel.purgeQueue(`${prefix}.tasks`)).messageCount,
    removeAll: async () => {
      for (const name of ['tasks', 'tasks.retry', 'tasks.dlq', 'results'])
        await channel.deleteQueue(`${prefix}.${name}`);
    },
    close: () => connection.close().catch(() => {}),
  };
}
