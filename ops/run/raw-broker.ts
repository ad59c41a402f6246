/** The broker as an operator sees it, past the port: raw bytes in, raw bytes out. For faults and tests. */
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import type { Wire } from '../../core/wire/records.js';
import { openOperator } from '../../core/broker/embedded/operator.js';
import { topologyOf } from '../../core/broker/rabbitmq/topology.js';
import { connect } from '../../core/broker/connect.js';
import { toFields } from '../../core/broker/redis/codec.js';
import { loadConfig } from '../../core/runtime/config.js';
import { createLogger } from '../../core/runtime/logger.js';
import { deadLetterWire } from '../../core/wire/dead-letter.js';
import type { LocalBroker } from '../local/broker.js';

export interface Pending {
  readonly id: string;
  readonly consumer: string;
  readonly deliveries: number;
}

/** All that is needed of a broker to reach it, local or forwarded. */
export type Address = Pick<LocalBroker, 'backend' | 'host' | 'port' | 'user' | 'password'> &
  Partial<Pick<LocalBroker, 'socket'>>;

export interface Raw extends AsyncDisposable {
  /** Puts bytes that are no task message into the queue. */
  putTask(bytes: Buffer): Promise<void>;
  /** Puts bytes that are no record into the log. */
  putRecord(bytes: Buffer): Promise<void>;
  /** Appends a record to the log as a worker would encode it, whatever it says. */
  putWire(wire: Wire): Promise<void>;
  /** Redis: deletes a record of the log. */
  deleteRecord(position: string): Promise<void>;
  /** Everything that each dead letter carries, headers left out. */
  deadLetters(): Promise<Buffer[]>;
  /** Redis: entries of the task stream, which is what the trigger counts; embedded: the unfinished chunks. */
  queueLength(): Promise<number>;
  /** Redis: the group's pending entries; embedded: the leases. */
  pending(): Promise<Pending[]>;
  /** Messages in the queue now, and not settled (Redis) or not delivered (RabbitMQ). */
  waiting(): Promise<number>;
  /** Takes away the queue and all that is in it, as an operator by mistake. */
  loseQueue(): Promise<void>;
  /** Deletes what is in the queue (Redis: the stream itself); resolves with how many chunks that were. */
  purgeQueue(): Promise<number>;
  /** Deletes all that the prefix names. */
  removeAll(): Promise<void>;
}

export function openRaw(broker: Address, prefix: string): Promise<Raw> {
  if (broker.backend === 'embedded') return openEmbedded(broker, prefix);
  return broker.backend === 'redis' ? openRedis(broker, prefix) : openRabbitmq(broker, prefix);
}

async function openEmbedded({ socket = '' }: Address, prefix: string): Promise<Raw> {
  const config = loadConfig({
    QUEUE_MODE: 'true',
    QUEUE_BACKEND: 'embedded',
    EMBEDDED_SOCKET: socket,
    QUEUE_PREFIX: prefix,
    POD_NAME: 'operator',
    LOG_LEVEL: 'ERROR',
  });
  const log = createLogger(config, 'operator', 2);
  const never = new AbortController().signal;
  const operator = await openOperator(config, log, never);
  const broker = await connect(config, log, never);
  const waiting = async () => {
    const { ready, leased, delayed } = await broker.depth();
    return ready + leased + delayed;
  };
  return {
    putTask: (bytes) => operator.put('queue', bytes),
    putRecord: (bytes) => operator.put('log', bytes),
    putWire: (wire) => operator.put('log', Buffer.from(JSON.stringify(wire))),
    deleteRecord: () => Promise.reject(new Error('nothing can be deleted from the embedded log')),
    async deadLetters() {
      const found: Buffer[] = [];
      for await (const letter of broker.deadLetters())
        found.push(letter.chunk ? Buffer.from(JSON.stringify(deadLetterWire(letter))) : letter.raw);
      return found;
    },
    queueLength: waiting,
    pending: async () => [...(await operator.pending())],
    waiting,
    loseQueue: async () => void (await operator.purge()),
    purgeQueue: () => operator.purge(),
    removeAll: () => operator.remove(),
    [Symbol.asyncDispose]: async () => {
      operator.close();
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function openRedis(broker: Address, prefix: string): Promise<Raw> {
  const redis = new Redis({ host: broker.host, port: broker.port, password: broker.password, lazyConnect: true });
  redis.on('error', () => {});
  await redis.connect();
  const tasks = `${prefix}:tasks`;
  return {
    async putTask(bytes) {
      await redis.xadd(tasks, '*', 'raw', bytes);
    },
    async putRecord(bytes) {
      await redis.xadd(`${prefix}:results`, '*', 'raw', bytes);
    },
    async putWire(wire) {
      await redis.call('XADD', [`${prefix}:results`, '*', ...toFields(wire)]);
    },
    async deleteRecord(position) {
      await redis.xdel(`${prefix}:results`, position);
    },
    async deadLetters() {
      const entries = await redis.xrangeBuffer(`${tasks}:dlq`, '-', '+');
      return entries.map(([, fields]) => Buffer.concat(fields.flatMap((field) => [field, Buffer.from('\0')])));
    },
    queueLength: () => redis.xlen(tasks),
    async pending() {
      const groups = (await redis.xinfo('GROUPS', tasks)) as string[][];
      const group = groups[0]?.[1];
      if (!group) return [];
      const entries = (await redis.xpending(tasks, group, '-', '+', 1000)) as [string, string, number, number][];
      return entries.map(([id, consumer, , deliveries]) => ({ id, consumer, deliveries }));
    },
    waiting: () => redis.xlen(tasks),
    async loseQueue() {
      await redis.del(tasks);
    },
    async purgeQueue() {
      const had = await redis.xlen(tasks);
      await redis.del(tasks);
      return had;
    },
    async removeAll() {
      const keys = await redis.keys(`${prefix}[:.]*`);
      if (keys.length > 0) await redis.unlink(...keys);
    },
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}

async function openRabbitmq(broker: Address, prefix: string): Promise<Raw> {
  const { host: hostname, port, user: username, password } = broker;
  const connection = await amqp.connect({ hostname, port, username, password });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  const put = async (queue: string, bytes: Buffer) => {
    channel.sendToQueue(queue, bytes, { persistent: true });
    await channel.waitForConfirms();
  };
  return {
    putTask: (bytes) => put(`${prefix}.tasks`, bytes),
    putRecord: (bytes) => put(`${prefix}.results`, bytes),
    putWire: (wire) => put(`${prefix}.results`, Buffer.from(JSON.stringify(wire))),
    deleteRecord: () => Promise.reject(new Error('nothing can be deleted from a stream of RabbitMQ')),
    async deadLetters() {
      // A channel of its own: closing it gives back what was looked at.
      const looking = await connection.createChannel();
      const found: Buffer[] = [];
      for (
        let message = await looking.get(`${prefix}.tasks.dlq`);
        message;
        message = await looking.get(`${prefix}.tasks.dlq`)
      ) {
        found.push(message.content);
      }
      await looking.close();
      return found;
    },
    queueLength: () => Promise.reject(new Error('RabbitMQ has no stream length: ask depth()')),
    pending: () => Promise.reject(new Error('RabbitMQ does not say who holds what')),
    waiting: async () => (await channel.checkQueue(`${prefix}.tasks`)).messageCount,
    async loseQueue() {
      await channel.deleteQueue(`${prefix}.tasks`);
    },
    purgeQueue: async () => (await channel.purgeQueue(`${prefix}.tasks`)).messageCount,
    async removeAll() {
      // By name: RabbitMQ 3.10 answers 500 when it lists queues while others delete theirs. Deleting what is not there
      // is no error.
      const { tasks, retry, dlq, results } = topologyOf(prefix, 0);
      for (const name of [tasks, retry, dlq, results]) await channel.deleteQueue(name);
    },
    [Symbol.asyncDispose]: () => connection.close().catch(() => {}),
  };
}
