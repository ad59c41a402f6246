/** The queue as an operator reaches it, past the port: what only faults need. */
import amqp from 'amqplib';
import { Redis } from 'ioredis';

/**
 * @typedef {object} Raw
 * @property {(bytes: Buffer) => Promise<void>} putTask puts bytes that are no task message into the queue
 * @property {() => Promise<Buffer[]>} deadLetters everything that each dead letter carries
 * @property {() => Promise<number>} waiting how many messages are in the queue now, and not settled (Redis) or not delivered (RabbitMQ)
 * @property {() => Promise<number>} loseQueue deletes (Redis) or purges (RabbitMQ) the queue; resolves with the chunks it had
 * @property {() => Promise<void>} removeAll deletes all that the prefix names
 * @property {() => Promise<void>} close
 */

/** @typedef {Pick<import('../local-broker.mjs').LocalBroker, 'backend' | 'host' | 'port' | 'user' | 'password'>} Address */

/**
 * @param {Address} broker
 * @param {string} prefix
 * @returns {Promise<Raw>}
 */
export function openRaw(broker, prefix) {
  return broker.backend === 'redis' ? openRedis(broker, prefix) : openRabbitmq(broker, prefix);
}

/** @param {Address} broker @param {string} prefix @returns {Promise<Raw>} */
async function openRedis({ host, port, password }, prefix) {
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

/** @param {Address} broker @param {string} prefix @returns {Promise<Raw>} */
async function openRabbitmq({ host, port, user, password }, prefix) {
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
