/** The consumer group: made once, and who is in it. */
import { asError } from '../../runtime/errors.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Lease } from './delivery.js';

/** Makes the group, and the stream if need be; from the first entry on, so that nothing published before is missed. */
export async function createGroup(link: Link, keys: Keys): Promise<void> {
  await link.run(async (redis) => {
    try {
      await redis.call('XGROUP', 'CREATE', keys.tasks, keys.group, '0', 'MKSTREAM');
    } catch (error) {
      if (!asError(error).message.startsWith('BUSYGROUP')) throw error;
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
