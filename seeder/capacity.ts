/** Refuses a run that the broker cannot hold, before anything of it is published. */
import type { Capacity } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';
import { BYTES_PER_NUMBER } from '../core/wire/values-codec.js';

const MIB = 1024 * 1024;

/** As text no number is longer. */
const LONGEST_NUMBER = 25;
/**
 * Of what is larger than a number, deflated and in base64: objects of three random doubles take 0.55 of their text, of
 * short numbers and words 0.3. One value, which the seeder has tried, tells the text of all only roughly.
 */
const PACKED = 0.6;

/** Bytes of a kept value in the log. @param text of one of them; undefined where none is known */
export function bytesPerValue(text: number | undefined): number {
  return text === undefined || text <= LONGEST_NUMBER ? BYTES_PER_NUMBER : Math.ceil(text * PACKED);
}

export interface Need {
  /** Size of the broker's volume, where it is known. */
  readonly volumeBytes: number | undefined;
  /** Chunks in the queue already: they still turn into records. */
  readonly queued: number;
  /** Records in the log already: they take the volume's space, and are counted by the broker's memory. */
  readonly recorded: number;
  /** Values that each record carries: none where they lie in a store of their own. */
  readonly valuesPerChunk: number;
  /** See bytesPerValue. */
  readonly bytesPerValue: number;
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
  { volumeBytes, queued, recorded, valuesPerChunk, bytesPerValue, deadByNow, deadToCome }: Need,
): void {
  if (chunks === 0) return;
  const values = valuesPerChunk * bytesPerValue;
  const { memoryUsed = 0, memoryLimit, memoryPerChunk, diskPerChunk, maxRecordBytes } = capacity;
  if (values > maxRecordBytes) {
    throw new ConfigError(
      `a record with the ${valuesPerChunk} values of a chunk takes about ${kib(values)}, and the broker takes at ` +
        `most ${kib(maxRecordBytes)} in one message: ` +
        `make chunks of at most ${Math.floor(maxRecordBytes / bytesPerValue)} parameters (CHUNK_SIZE; chart: ` +
        `run.chunkSize), or ${NO_VALUES}. Nothing was published`,
    );
  }
  const dying = deadToCome === 1 ? 'the parameter that may die' : `the ${deadToCome} parameters that may die`;
  const these = chunks === 1 ? 'this chunk' : `these ${chunks} chunks`;
  const needs = `with ${these}${deadToCome > 0 ? ` and ${dying}` : ''}`;
  const memory = memoryUsed + (chunks + queued) * (memoryPerChunk + values) + deadToCome * capacity.memoryPerDead;
  if (memoryLimit !== undefined && memory > memoryLimit) {
    refuse(
      needs,
      'memory',
      memory,
      memoryLimit,
      "the broker's memory limit (chart: redis.resources.limits.memory or rabbitmq.resources.limits.memory)",
      values > 0,
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
      values > 0,
    );
  }
  if (volumeBytes !== undefined && disk > volumeBytes) {
    refuse(
      needs,
      'disk',
      disk,
      volumeBytes,
      "the broker's volume (chart: redis.persistence.size or rabbitmq.persistence.size, which only a new release " +
        'can change)',
      values > 0,
    );
  }
}

/** The other way out for a run whose values do not fit. */
const NO_VALUES = 'keep the values elsewhere or not at all (RESULTS_STORE=s3, directory or none; chart: results.store)';

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
const kib = (bytes: number): string => `${Math.floor(bytes / 1024)} KiB`;

function refuse(needs: string, what: string, needed: number, limit: number, remedy: string, values: boolean): never {
  const other = values ? NO_VALUES : 'make fewer, larger chunks (CHUNK_SIZE; chart: run.chunkSize)';
  throw new ConfigError(
    `${needs} the broker needs about ${mib(needed)} of ${what}, and has ${mib(limit)}: ` +
      `raise ${remedy} by ${mib(needed - limit)} or more, or ${other}, or allow fewer dead parameters (MAX_DEAD; ` +
      'chart: run.maxDead). Nothing was published',
  );
}
