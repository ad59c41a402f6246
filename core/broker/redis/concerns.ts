/** What of a Redis server's settings endangers the promise. */
import type { Redis } from 'ioredis';
import type { Concern } from '../port.js';
import { codeOf } from './failure.js';
import type { Link } from './link.js';
import { parseInfo, type Info } from './server.js';

/** Nothing where the user may not ask: whoever may not can still work. */
export async function readInfo(redis: Redis): Promise<Info> {
  return parseInfo(await unlessForbidden(redis.info(), ''));
}

/** Settings that may lose what was confirmed. */
export async function readConcerns(link: Link): Promise<Concern[]> {
  const [info, fsync] = await link.run((redis) => Promise.all([readInfo(redis), readSetting(redis, 'appendfsync')]));
  return concernsOf(info, fsync);
}

/** @param fsync the value of appendfsync, undefined where the user may not ask */
export function concernsOf(info: Info, fsync: string | undefined): Concern[] {
  if (info.size === 0) {
    const message =
      'Redis lets this user not ask for its settings (INFO): whether it may evict data, and keeps it on disk, was not ' +
      'checked. Allow it (ACL SETUSER … +info), or look at maxmemory-policy and appendonly yourself';
    return [{ fatal: false, message }];
  }
  const found: (Concern | undefined)[] = [
    evictionOf(info),
    info.get('aof_enabled') === '0' && {
      fatal: false,
      message:
        'Redis keeps no append-only file (appendonly no): when it ends, what was queued and recorded since its last ' +
        'snapshot is lost, and comes out as missing. Set appendonly yes',
    },
    info.get('aof_enabled') === '1' &&
      fsync === 'no' && {
        fatal: false,
        message:
          'Redis leaves it to the system when its append-only file reaches the disk (appendfsync no): a loss of power ' +
          'loses about half a minute. Set appendfsync everysec, or always',
      },
    info.get('aof_last_write_status') === 'err' && {
      fatal: true,
      message: 'Redis could not write its append-only file (aof_last_write_status err): look at its log and its volume',
    },
    Number(info.get('connected_slaves') ?? 0) > 0 &&
      // Redis tells this number only where min-replicas-to-write is set.
      !info.has('min_slaves_good_slaves') && {
        fatal: false,
        message:
          'Redis confirms writes before its replicas have them: a failover may lose the last of them, which come out as ' +
          'missing. Set min-replicas-to-write 1 and min-replicas-max-lag 10 to bound what can be lost',
      },
  ].map((concern) => concern || undefined);
  return found.filter((concern) => concern !== undefined);
}

function evictionOf(info: Info): Concern | undefined {
  const policy = info.get('maxmemory_policy');
  if (policy === undefined || policy === 'noeviction') return undefined;
  const limited = (info.get('maxmemory') ?? '0') !== '0';
  return {
    // The volatile policies find little to evict: only what belongs to a seeder at work expires, and it can be spared.
    fatal: limited && policy.startsWith('allkeys'),
    message:
      `Redis may delete data when its memory is full (maxmemory-policy ${policy}): ` +
      'set maxmemory-policy noeviction, so that writes wait instead',
  };
}

async function readSetting(redis: Redis, name: string): Promise<string | undefined> {
  const [, value] = await unlessForbidden(redis.config('GET', name) as Promise<unknown[]>, []);
  return typeof value === 'string' ? value : undefined;
}

/** Managed servers often have no CONFIG at all, which is no right that is missing but an unknown command. */
async function unlessForbidden<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === 'NOPERM' || codeOf(error) === 'ERR') return otherwise;
    throw error;
  }
}
