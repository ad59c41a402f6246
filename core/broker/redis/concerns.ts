/** What a Redis server says of itself: what it must be, and what of its settings endangers the promise. */
import type { Redis } from 'ioredis';
import type { Concern } from '../port.js';
import { ConfigError } from '../../runtime/errors.js';
import { classify, codeOf } from './failure.js';
import type { Link } from './link.js';

const OLDEST = 7;

/** Fields of INFO, by name. Empty where the user may not ask. */
export type Info = ReadonlyMap<string, string>;

export async function readInfo(redis: Redis): Promise<Info> {
  try {
    return parseInfo(await redis.info());
  } catch (error) {
    // Whoever may not ask can still work: then the server's own errors have to tell.
    if (codeOf(error) === 'NOPERM') return new Map();
    throw error;
  }
}

export function parseInfo(text: string): Info {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/**
 * @returns why this connection must not be used, though another one to the same address may do; undefined where it may
 * @throws ConfigError where the server can never do
 */
export function unsuitable(info: Info, where: string): string | undefined {
  const mode = info.get('redis_mode');
  if (mode !== undefined && mode !== 'standalone') {
    throw new ConfigError(
      mode === 'cluster'
        ? `${where} runs in cluster mode, which cannot change several keys in one step: point REDIS_HOST at a single Redis server, or at a primary with replicas`
        : `${where} runs in ${mode} mode and stores nothing: point REDIS_HOST at the Redis server itself`,
    );
  }
  const version = info.get('redis_version');
  if (version !== undefined && !(Number.parseInt(version, 10) >= OLDEST)) {
    throw new ConfigError(`${where} is ${version}, but TTG needs ${OLDEST}.0 or newer: upgrade it`);
  }
  const role = info.get('role');
  return role === undefined || role === 'master' ? undefined : `it is a replica (role ${role}), which takes no writes`;
}

/** Settings that may lose what was confirmed. */
export async function readConcerns(link: Link): Promise<Concern[]> {
  const info = await link.run((redis) => readInfo(redis));
  const concerns: Concern[] = [];
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    const limited = (info.get('maxmemory') ?? '0') !== '0';
    // Nothing of TTG's expires, so the volatile policies find nothing to evict and refuse writes instead.
    const fatal = limited && policy.startsWith('allkeys');
    concerns.push({
      fatal,
      message:
        `Redis may delete data when its memory is full (maxmemory-policy ${policy}): ` +
        'set maxmemory-policy noeviction, so that writes wait instead',
    });
  }
  if (info.get('aof_enabled') === '0') {
    concerns.push({
      fatal: false,
      message:
        'Redis keeps no append-only file (appendonly no): when it ends, what is queued and recorded since its last snapshot is lost, ' +
        'and comes out as missing. Set appendonly yes',
    });
  }
  if (info.get('aof_last_write_status') === 'err') {
    concerns.push({
      fatal: true,
      message: 'Redis could not write its append-only file (aof_last_write_status err): look at its log and its volume',
    });
  }
  return concerns;
}

/** Whether an error says that the connected server is not the one to write to. */
export function isWrongServer(error: unknown): boolean {
  return classify(error) === 'wrong';
}
