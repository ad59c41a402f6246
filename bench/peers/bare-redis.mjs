/**
 * The protocol's least on a bare ioredis: `process N BATCH` (read, one Lua call that appends, XACKs and XDELs) or `read
 * KEY`.
 */
import { Redis } from 'ioredis';

const [, , verb, first = '', second = '100'] = process.argv;
const redis = new Redis({
  host: process.env['REDIS_HOST'],
  port: Number(process.env['REDIS_PORT']),
  password: process.env['REDIS_PASSWORD'],
  protocol: 2,
});
const SETTLE = `for i = 1, #ARGV, 2 do redis.call('XADD', KEYS[2], '*', 'id', ARGV[i], 'start_param', ARGV[i + 1], 'sum', '1', 'digest', '0123456789abcdef0123456789abcdef') end
local ids = {} for i = 1, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
redis.call('XACK', KEYS[1], 'bare', unpack(ids)) redis.call('XDEL', KEYS[1], unpack(ids)) return #ids`;

async function work() {
  const n = Number(first);
  await redis.call('XGROUP', 'CREATE', 'ttg:tasks', 'bare', '0').catch(() => {});
  redis.defineCommand('settle', { numberOfKeys: 2, lua: SETTLE });
  const read = () =>
    /** @type {Promise<any>} */ (
      redis.call('XREADGROUP', 'GROUP', 'bare', 'me', 'COUNT', second, 'STREAMS', 'ttg:tasks', '>')
    );
  const started = performance.now();
  let next = read();
  let settled = Promise.resolve();
  for (let done = 0; done < n;) {
    const entries = (await next)?.[0]?.[1] ?? [];
    next = read();
    done += entries.length;
    await settled;
    settled = /** @type {any} */ (redis).settle(
      'ttg:tasks',
      'bare:results',
      ...entries.flatMap((/** @type {any} */ [id, fields]) => [id, fields[3]]),
    );
  }
  await settled;
  return { rate: (n / (performance.now() - started)) * 1000 };
}

async function read() {
  const started = performance.now();
  let n = 0;
  for (let from = '-'; ;) {
    const page = await redis.xrange(first, from, '+', 'COUNT', 1000);
    n += page.length;
    if (page.length < 1000) break;
    from = `(${page.at(-1)?.[0]}`;
  }
  return { rate: (n / (performance.now() - started)) * 1000 };
}

/** Echoes what is pushed: the least that an answer from another process over this broker takes. */
async function echo() {
  for (;;) {
    const item = await redis.blpop('bare:in', 0);
    await redis.rpush('bare:out', item?.[1] ?? '');
  }
}

const figures = await { process: work, read, echo }[/** @type {'process' | 'read' | 'echo'} */ (verb)]();
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
