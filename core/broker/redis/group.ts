/** The consumer group: made once, who is in it, and whether this user may work with it. */
import { ConfigError } from '../../runtime/errors.js';
import type { Lease } from './delivery.js';
import { codeOf } from './failure.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';

/** Before anything is written: a right that is missing in the middle of a step would leave half of it done. */
export async function ensureUsable(link: Link, keys: Keys, scripts: Scripts): Promise<void> {
  const of = (runId: string): string[] => [keys.done(runId), keys.windows(runId), keys.known(runId)];
  const { tasks, log, dlq, parked, metadata, dead, halted, lock } = keys;
  const names = [tasks, log, dlq, parked, metadata, dead, halted, lock, ...of('any'), `${keys.others('any')}any`];
  const [wrong, missing] = (await link.run((redis) => scripts.usable.run(redis, names, [keys.group]))) as string[][];
  if (wrong && wrong.length > 0) {
    throw new ConfigError(
      `Redis holds something else where TTG keeps its own: ${wrong.join(', ')}. Move it away (RENAME), or set another QUEUE_PREFIX`,
    );
  }
  if (missing && missing.length > 0) {
    throw new ConfigError(
      `Redis refuses the user rights that TTG needs: ${missing.join(', ')}. Grant them (ACL SETUSER), or take a user with ` +
        'all rights on the keys of QUEUE_PREFIX',
    );
  }
}

/** Makes the group, and the stream if need be; from the first entry on, so that nothing published before is missed. */
export async function createGroup(link: Link, keys: Keys): Promise<void> {
  await link.run(async (redis) => {
    try {
      await redis.call('XGROUP', 'CREATE', keys.tasks, keys.group, '0', 'MKSTREAM');
    } catch (error) {
      if (codeOf(error) !== 'BUSYGROUP') throw error;
    }
  });
}

/** Leases of a consumer that were given or renewed in the last `sinceMs` milliseconds. */
export async function recentLeases(
  link: Link,
  keys: Keys,
  consumer: string,
  sinceMs: number,
  signal: AbortSignal,
): Promise<Lease[]> {
  const reply = await link.run(
    (redis) => redis.call('XPENDING', keys.tasks, keys.group, '-', '+', 1000, consumer),
    signal,
  );
  return (reply as Array<[id: string, consumer: string, idle: number, count: number]>)
    .filter(([, , idle]) => idle <= sinceMs)
    .map(([id, , , count]) => ({ id, count }));
}
