/** What the broker holds and can hold. */
import type { Capacity, Depth } from '../port.js';
import type { Config } from '../../runtime/config.js';
import { staleAfterMs } from '../stale.js';
import { readInfo } from './concerns.js';
import { DELAYED, RELEASED, type Keys } from './keys.js';
import type { Link } from './link.js';
import { MAX_RECORD_BYTES } from './settler.js';
import type { Scripts } from './scripts.js';

// Measured on Redis 7.0.15 with 200,000 chunks and results without their values, worker names of 24 characters: 73
// bytes of used_memory a queued task (86 in the chart's nodes of 16 entries), 296 a result. A task's memory is freed
// with its neighbours, so in the worst case both count.
export const MEMORY_PER_CHUNK = 390;
// Measured in the same run: append-only files of 98 MB at their largest, rewrites included, with the default
// auto-aof-rewrite-min-size of 64 MB and appendfsync everysec; 143 bytes a result once they are rewritten.
export const DISK_PER_CHUNK = 600;

// Record and dead letter of one parameter. Measured with 20,000 of them, an error of 100 characters and a stack that an
// earlier record holds: 415 bytes of used_memory more than its task took, and 1,480 bytes of append-only file.
const MEMORY_PER_DEAD = 550;
const DISK_PER_DEAD = 1600;

export async function readDepth(link: Link, keys: Keys, scripts: Scripts, config: Config): Promise<Depth> {
  const due = config.STALE_THRESHOLD_MS;
  const late = staleAfterMs(config);
  const reply = await link.run((redis) =>
    scripts.depth.run(redis, [keys.tasks, keys.dlq, keys.parked], [keys.group, DELAYED, RELEASED, due, late]),
  );
  const [ready = 0, leased = 0, stale = 0, delayed = 0, dead = 0, parked = 0, holders = 0] = reply as number[];
  return { ready, leased, stale, delayed, dead, parked, holders };
}

export async function readCapacity(link: Link): Promise<Capacity> {
  const info = await link.run((redis) => readInfo(redis));
  const value = (name: string): number | undefined => {
    const text = info.get(name);
    return text === undefined ? undefined : Number(text);
  };
  return {
    memoryUsed: value('used_memory'),
    // 0 stands for no limit.
    memoryLimit: value('maxmemory') || undefined,
    memoryPerChunk: MEMORY_PER_CHUNK,
    diskPerChunk: DISK_PER_CHUNK,
    memoryPerDead: MEMORY_PER_DEAD,
    diskPerDead: DISK_PER_DEAD,
    maxRecordBytes: MAX_RECORD_BYTES,
  };
}
