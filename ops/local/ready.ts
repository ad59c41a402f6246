/** What a local broker answers: whether it is ready for our credentials, and how long its append-only file is. */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Spec, Engine } from './config.js';
import { talk } from './ports.js';

export async function waitUntilReady(spec: Spec, engine: Engine, deadlineMs: number) {
  const ping = spec.backend === 'redis' ? pingRedis : pingRabbitmq;
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const problem = await ping(spec).then(() => undefined, asText);
    if (problem === undefined) return;
    const failure = await engine.failure();
    if (failure !== undefined || Date.now() > deadline) {
      const what = failure ?? `was not ready within ${deadlineMs / 1000} s`;
      throw new Error(
        `local ${spec.backend} on 127.0.0.1:${spec.port} ${what}; last answer: ${problem}; it printed:\n${await engine.output()}`,
      );
    }
    await delay(spec.backend === 'redis' ? 50 : 200);
  }
}

async function pingRedis(spec: Spec) {
  const answer = await talk(spec.port, `AUTH ${spec.password}\r\nPING\r\n`, (text) => text.split('\r\n').length > 2);
  if (!answer.startsWith('+OK\r\n+PONG')) throw new Error(answer.trim());
}

async function pingRabbitmq(spec: Spec) {
  const answer = await talk(spec.port, 'AMQP\0\0\x09\x01', (text) => text.length > 10);
  if (!answer.includes('RabbitMQ')) throw new Error('the AMQP port gives no handshake');
  const authorization = `Basic ${Buffer.from(`${spec.user}:${spec.password}`).toString('base64')}`;
  const url = `http://127.0.0.1:${spec.managementPort}/api/queues`;
  const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(2000) });
  await response.text();
  if (!response.ok) throw new Error(`GET ${url}: HTTP ${response.status}`);
}

function asText(error: unknown) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** Where Redis 7 and newer keep it, below `dir`. */
const DIRECTORY = 'appendonlydir';

export function aof(
  spec: Spec,
  engine: Engine,
): { logBytes: () => Promise<number>; cutLog: (bytes: number) => Promise<void> } {
  const onlyRedis = () => {
    if (spec.backend !== 'redis')
      throw new Error('RabbitMQ confirms after its write to disk: there is no unwritten end to lose');
  };
  return {
    logBytes: async () => {
      onlyRedis();
      const answer = await talk(spec.port, `AUTH ${spec.password}\r\nINFO persistence\r\n`, (text) =>
        /aof_current_size:\d+\r\n/.test(text),
      );
      return Number(/aof_current_size:(\d+)/.exec(answer)?.[1]);
    },
    cutLog: async (bytes) => {
      onlyRedis();
      await engine.edit(DIRECTORY, async (copy) => {
        const last = readdirSync(copy)
          .filter((name) => name.endsWith('.incr.aof'))
          .sort()
          .at(-1);
        if (!last) throw new Error(`there is no append-only file in ${copy}`);
        const file = join(copy, last);
        truncateSync(file, Math.max(0, statSync(file).size - bytes));
      });
    },
  };
}
