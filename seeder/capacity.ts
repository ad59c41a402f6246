/** Refuses a run that the broker cannot hold, before anything of it is published. */
import type { Capacity } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';

const MIB = 1024 * 1024;

/** A kept value as JSON text, its comma and its share of the log's overhead. */
const BYTES_PER_VALUE = 20;

export interface Need {
  /** Size of the broker's volume, where it is known. */
  readonly volumeBytes: number | undefined;
  /** Chunks in the queue already: they still turn into records. */
  readonly queued: number;
  /** Records in the log already: they take the volume's space, and are counted by the broker's memory. */
  readonly recorded: number;
  /** Values that each record keeps. */
  readonly valuesPerChunk: number;
  /** Parameters that may be dead before the run is halted. */
  readonly dead: number;
}

/**
 * @param chunks how many are about to be published
 * @throws ConfigError with the value to raise
 */
export function checkCapacity(
  chunks: number,
  capacity: Capacity,
  { volumeBytes, queued, recorded, valuesPerChunk, dead }: Need,
): void {
  if (chunks === 0) return;
  const values = valuesPerChunk * BYTES_PER_VALUE;
  const { memoryUsed = 0, memoryLimit, memoryPerChunk, diskPerChunk, maxRecordBytes } = capacity;
  if (values > maxRecordBytes) {
    throw new ConfigError(
      `a record with the values of a chunk takes about ${Math.ceil(values / MIB)} MiB, and the broker takes ${Math.floor(maxRecordBytes / MIB)} MiB in one message: ` +
        `make chunks of at most ${Math.floor(maxRecordBytes / BYTES_PER_VALUE)} parameters (CHUNK_SIZE; chart: run.chunkSize), or keep no values (run.keepValues). Nothing was published`,
    );
  }
  const memory = memoryUsed + (chunks + queued) * (memoryPerChunk + values) + dead * capacity.memoryPerDead;
  if (memoryLimit !== undefined && memory > memoryLimit) {
    refuse(
      chunks,
      'memory',
      memory,
      memoryLimit,
      "the broker's memory limit (chart: redis.resources.limits.memory or rabbitmq.resources.limits.memory)",
    );
  }
  const disk = (chunks + queued + recorded) * (diskPerChunk + values) + dead * capacity.diskPerDead;
  if (volumeBytes !== undefined && disk > volumeBytes) {
    refuse(
      chunks,
      'disk',
      disk,
      volumeBytes,
      "the broker's volume (chart: redis.persistence.size or rabbitmq.persistence.size, which only a new release can change)",
    );
  }
}

function refuse(chunks: number, what: string, needed: number, limit: number, remedy: string): never {
  const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
  throw new ConfigError(
    `with these ${chunks} chunks the broker needs about ${mib(needed)} of ${what}, and has ${mib(limit)}: ` +
      `raise ${remedy} by ${mib(needed - limit)} or more, or make fewer, larger chunks (CHUNK_SIZE; chart: run.chunkSize), or lower the failure budget (MAX_DEAD; run.maxDead). Nothing was published`,
  );
}
