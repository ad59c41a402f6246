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
  /** Dead parameters in the log already: they take the volume's space, and are counted by the broker's memory. */
  readonly deadByNow: number;
  /** Parameters that may die before the run is halted. */
  readonly deadToCome: number;
}

/**
 * @param chunks how many are about to be published
 * @throws ConfigError with the value to raise
 */
export function checkCapacity(
  chunks: number,
  capacity: Capacity,
  { volumeBytes, queued, recorded, valuesPerChunk, deadByNow, deadToCome }: Need,
): void {
  if (chunks === 0) return;
  const values = valuesPerChunk * BYTES_PER_VALUE;
  const { memoryUsed = 0, memoryLimit, memoryPerChunk, diskPerChunk, maxRecordBytes } = capacity;
  if (values > maxRecordBytes) {
    throw new ConfigError(
      `a record with the ${valuesPerChunk} values of a chunk takes about ${kib(values)}, and the broker takes at most ${kib(maxRecordBytes)} in one message: ` +
        `make chunks of at most ${Math.floor(maxRecordBytes / BYTES_PER_VALUE)} parameters (CHUNK_SIZE; chart: run.chunkSize), or keep no values (KEEP_VALUES; chart: run.keepValues). Nothing was published`,
    );
  }
  const needs = `with these ${chunks} chunks${deadToCome > 0 ? ` and the ${deadToCome} parameters that may die` : ''}`;
  const memory = memoryUsed + (chunks + queued) * (memoryPerChunk + values) + deadToCome * capacity.memoryPerDead;
  if (memoryLimit !== undefined && memory > memoryLimit) {
    refuse(
      needs,
      'memory',
      memory,
      memoryLimit,
      "the broker's memory limit (chart: redis.resources.limits.memory or rabbitmq.resources.limits.memory)",
    );
  }
  const disk = (chunks + queued + recorded) * (diskPerChunk + values) + (deadByNow + deadToCome) * capacity.diskPerDead;
  if (capacity.diskLimit !== undefined && disk > capacity.diskLimit) {
    refuse(
      needs,
      'disk',
      disk,
      capacity.diskLimit,
      'what is free on the disk of the log (delete something there, or take another)',
    );
  }
  if (volumeBytes !== undefined && disk > volumeBytes) {
    refuse(
      needs,
      'disk',
      disk,
      volumeBytes,
      "the broker's volume (chart: redis.persistence.size or rabbitmq.persistence.size, which only a new release can change)",
    );
  }
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
const kib = (bytes: number): string => `${Math.floor(bytes / 1024)} KiB`;

function refuse(needs: string, what: string, needed: number, limit: number, remedy: string): never {
  throw new ConfigError(
    `${needs} the broker needs about ${mib(needed)} of ${what}, and has ${mib(limit)}: ` +
      `raise ${remedy} by ${mib(needed - limit)} or more, or make fewer, larger chunks (CHUNK_SIZE; chart: run.chunkSize), or allow fewer dead parameters (MAX_DEAD; chart: run.maxDead). Nothing was published`,
  );
}
