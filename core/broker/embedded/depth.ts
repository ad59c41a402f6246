/** What the coordinator holds and can hold. */
import type { Capacity } from '../port.js';
import type { Link } from './link.js';
import { MAX_RECORD_BYTES } from './settler.js';

// Measured with 300,000 chunks of 100 parameters: the process grew from 57 to 174 MB while they were published; their
// records are on the disk alone.
export const MEMORY_PER_CHUNK = 400;
// Measured in the same run: 28 bytes of log for a chunk, and 402 for its record without values.
export const DISK_PER_CHUNK = 500;
// A dead letter is an entry in memory; its line has record, chunk, error and, once a worker, the stack.
const MEMORY_PER_DEAD = 200;
const DISK_PER_DEAD = 1600;

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
