/** The one Redis that TTG and its peers are measured on: append-only file, fsync every second, as in the chart. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { startBroker } from '../../dist/ops/local/broker.js';
import { cpuSeconds } from './process.mjs';

export async function startRedis() {
  const broker = await startBroker('redis', { provider: 'path', log: () => {} });
  const client = new Redis({ host: broker.host, port: broker.port, password: broker.password, protocol: 2 });
  const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
  const memory = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  return {
    broker,
    client,
    pid,
    url: `redis://:${broker.password}@${broker.host}:${broker.port}`,
    env: { REDIS_HOST: broker.host, REDIS_PORT: String(broker.port), REDIS_PASSWORD: broker.password },
    memory,
    cpu: () => cpuSeconds(pid),
    /** Empty, and done with rewriting its file: each measure starts from the same state. */
    async fresh() {
      await client.flushall();
      while (/aof_rewrite_(?:in_progress|scheduled):1/.test(await client.info('persistence')))
        await new Promise((resolve) => setTimeout(resolve, 50));
    },
    /** When the last record of the log was written: its id begins with the milliseconds since 1970. */
    async lastRecordAt() {
      const [entry] = await client.xrevrange('ttg:results', '+', '-', 'COUNT', 1);
      return Number(entry?.[0].split('-')[0] ?? NaN);
    },
    peak: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    async stop() {
      client.disconnect();
      await broker.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startRedis>>} BenchRedis */
