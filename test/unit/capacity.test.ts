import { describe, expect, it } from 'vitest';
import type { Capacity } from '../../core/broker/port.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { bytesPerValue, checkCapacity, type Need } from '../../seeder/capacity.js';

const MIB = 1024 * 1024;
const capacity = (over: Partial<Capacity> = {}): Capacity => ({
  memoryUsed: 10 * MIB,
  memoryLimit: 100 * MIB,
  memoryPerChunk: 1024,
  diskPerChunk: 2048,
  memoryPerDead: 1024,
  diskPerDead: 1024,
  maxRecordBytes: 64 * MIB,
  ...over,
});

const need = (volumeBytes?: number, valuesPerChunk = 0): Need => ({
  volumeBytes,
  queued: 0,
  recorded: 0,
  valuesPerChunk,
  bytesPerValue: bytesPerValue(undefined),
  deadByNow: 0,
  deadToCome: 0,
});

describe('a run', () => {
  it('is taken where it just fits', () => {
    expect(() => checkCapacity(90 * 1024, capacity(), need(180 * MIB))).not.toThrow();
  });

  it('is refused where it does not fit the memory, with what to raise and by how much', () => {
    expect(() => checkCapacity(100 * 1024, capacity(), need())).toThrow(ConfigError);
    expect(() => checkCapacity(100 * 1024, capacity(), need())).toThrow(
      /with these 102400 chunks the broker needs about 110 MiB of memory, and has 100 MiB: raise .*resources\.limits\.memory.* by 10 MiB or more, or make fewer, larger chunks \(CHUNK_SIZE.*Nothing was published/,
    );
  });

  it('is refused where it does not fit the volume, with what to raise and by how much', () => {
    expect(() => checkCapacity(50 * 1024, capacity(), need(64 * MIB))).toThrow(
      /needs about 100 MiB of disk, and has 64 MiB: raise .*persistence\.size.* by 36 MiB/,
    );
  });

  it('is refused for one byte too many', () => {
    expect(() => checkCapacity(1, capacity({ memoryUsed: 100 * MIB - 1023 }), need())).toThrow(/raise .* by 1 MiB/);
  });

  it('is taken where the broker does not say what it can hold', () => {
    expect(() => checkCapacity(1e9, capacity({ memoryUsed: undefined, memoryLimit: undefined }), need())).not.toThrow();
  });

  it('that keeps its values needs room for them too', () => {
    expect(() => checkCapacity(1024, capacity(), need(undefined, 1000))).not.toThrow();
    expect(() => checkCapacity(1024, capacity(), need(undefined, 10_000))).toThrow(
      /memory.* or keep the values elsewhere or not at all \(RESULTS_STORE=s3, directory or none; chart: results\.store\)/,
    );
    const rows = { ...need(undefined, 1000), bytesPerValue: bytesPerValue(200) };
    expect(() => checkCapacity(1024, capacity(), rows)).toThrow(/memory/);
  });

  it('is refused where what is queued and recorded already leaves too little', () => {
    const full = (queued: number, recorded: number): Need => ({ ...need(180 * MIB), queued, recorded });
    expect(() => checkCapacity(45 * 1024, capacity(), full(44 * 1024, 0))).not.toThrow();
    expect(() => checkCapacity(45 * 1024, capacity(), full(46 * 1024, 0))).toThrow(/memory/);
    expect(() => checkCapacity(45 * 1024, capacity(), full(0, 46 * 1024))).toThrow(/disk/);
  });

  it('that publishes nothing is taken however full the broker is', () => {
    expect(() => checkCapacity(0, capacity({ memoryUsed: 200 * MIB }), need())).not.toThrow();
  });

  it('counts nothing as used where the broker does not say', () => {
    expect(() => checkCapacity(100 * 1024, capacity({ memoryUsed: undefined }), need())).not.toThrow();
  });

  it('is refused where the parameters that may die leave too little, with the budget among what may be changed', () => {
    const dying = (deadToCome: number, deadByNow = 0): Need => ({ ...need(180 * MIB), deadByNow, deadToCome });
    expect(() => checkCapacity(1024, capacity(), dying(89 * 1024))).not.toThrow();
    expect(() => checkCapacity(1024, capacity(), dying(90 * 1024))).toThrow(
      /with these 1024 chunks and the 92160 parameters that may die the broker needs about 101 MiB of memory.* or allow fewer dead parameters \(MAX_DEAD; chart: run\.maxDead\)/,
    );
    expect(() => checkCapacity(1024, capacity(), dying(0, 178 * 1024)), 'in memory already').not.toThrow();
    expect(() => checkCapacity(1024, capacity(), dying(0, 179 * 1024))).toThrow(/disk/);
  });

  it('whose records would be larger than the broker takes is refused, with the largest chunk that fits', () => {
    const limited = capacity({ maxRecordBytes: MIB });
    expect(() => checkCapacity(1, limited, need(undefined, 95_325))).not.toThrow();
    expect(() => checkCapacity(1, limited, need(undefined, 95_326))).toThrow(
      /95326 values of a chunk takes about 1024 KiB, .*at most 1024 KiB in one message: make chunks of at most 95325 parameters \(CHUNK_SIZE; chart: run\.chunkSize\), or keep the values elsewhere/,
    );
  });
});
