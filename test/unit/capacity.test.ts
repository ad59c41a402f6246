import { describe, expect, it } from 'vitest';
import type { Capacity } from '../../core/broker.js';
import { ConfigError } from '../../core/errors.js';
import { checkCapacity, type Need } from '../../seeder/capacity.js';

const MIB = 1024 * 1024;
const capacity = (over: Partial<Capacity> = {}): Capacity => ({ memoryUsed: 10 * MIB, memoryLimit: 100 * MIB, memoryPerChunk: 1024, diskPerChunk: 2048, ...over });

const need = (volumeBytes?: number, valuesPerChunk = 0): Need => ({ volumeBytes, valuesPerChunk });

describe('a run', () => {
  it('is taken where it just fits', () => {
    expect(() => checkCapacity(90 * 1024, capacity(), need(180 * MIB))).not.toThrow();
  });

  it('is refused where it does not fit the memory, with what to raise and by how much', () => {
    expect(() => checkCapacity(100 * 1024, capacity(), need())).toThrow(ConfigError);
    expect(() => checkCapacity(100 * 1024, capacity(), need())).toThrow(
      /102400 chunks need about 110 MiB of the broker's memory, which has 100 MiB: raise .*resources\.limits\.memory.* by 10 MiB or more, or make fewer, larger chunks \(CHUNK_SIZE.*Nothing was published/,
    );
  });

  it('is refused where it does not fit the volume, with what to raise and by how much', () => {
    expect(() => checkCapacity(50 * 1024, capacity(), need(64 * MIB))).toThrow(/need about 100 MiB of the broker's disk, which has 64 MiB: raise .*persistence\.size.* by 36 MiB/);
  });

  it('is refused for one byte too many', () => {
    expect(() => checkCapacity(1, capacity({ memoryUsed: 100 * MIB - 1023 }), need())).toThrow(/raise .* by 1 MiB/);
  });

  it('is taken where the broker does not say what it can hold', () => {
    expect(() => checkCapacity(1e9, capacity({ memoryUsed: undefined, memoryLimit: undefined }), need())).not.toThrow();
  });

  it('that keeps its values needs room for them too', () => {
    expect(() => checkCapacity(1024, capacity(), need(undefined, 1000))).not.toThrow();
    expect(() => checkCapacity(1024, capacity(), need(undefined, 10_000))).toThrow(/memory/);
  });

  it('that publishes nothing is taken however full the broker is', () => {
    expect(() => checkCapacity(0, capacity({ memoryUsed: 200 * MIB }), need())).not.toThrow();
  });

  it('counts nothing as used where the broker does not say', () => {
    expect(() => checkCapacity(100 * 1024, capacity({ memoryUsed: undefined }), need())).not.toThrow();
  });
});
