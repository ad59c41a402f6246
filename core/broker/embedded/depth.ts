/** What the coordinator holds and can hold. */
import type { Capacity } from '../port.js';
import type { Config } from '../../runtime/config.js';
import type { Link } from './link.js';
import { MAX_RECORD_BYTES } from './settler.js';

// Measured with 300,000 chunks: what the process grows by for each chunk in its queue; its record is on the disk alone.
const MEMORY_PER_CHUNK = 300;
// Measured in the same run: a line's share of 35 bytes for the chunk, and 430 for its record without values.
const DISK_PER_CHUNK = 500;
// A dead letter is an entry in memory; its line has record, chunk, error and, once a worker, the stack.
const MEMORY_PER_DEAD = 200;
const DISK_PER_DEAD = 1600;

/** Heartbeats come every third of the threshold: after two thirds at least one is missing. */
export function staleAfterMs({ STALE_THRESHOLD_MS }: Pick<Config, 'STALE_THRESHOLD_MS'>): number {
  return Math.ceil((STALE_THRESHOLD_MS * 2) / 3);
}

export async function readCapacity(link: Link): Promise<Capacity> {
  const { memoryUsed, memoryLimit, diskLimit } = (await link.ask<'capacity'>({ op: 'capacity' })).header;
  return {
    memoryUsed,
    memoryLimit,
    diskLimit,
    memoryPerChunk: MEMORY_PER_CHUNK,
    diskPerChunk: DISK_PER_CHUNK,
    memoryPerDead: MEMORY_PER_DEAD,
    diskPerDead: DISK_PER_DEAD,
    maxRecordBytes: MAX_RECORD_BYTES,
  };
}
