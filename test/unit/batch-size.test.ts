import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../worker/batch-size.js';

describe('the batchSize of a worker', () => {
  it('takes one chunk until it knows what chunks cost', () => {
    expect(new BatchSize(300).current).toBe(1);
  });

  it('takes as many as compute in a moment', () => {
    const batchSize = new BatchSize(300);
    batchSize.took(5, 1);
    expect(batchSize.current).toBe(10);
  });

  it('takes one chunk at a time where each is slow', () => {
    const batchSize = new BatchSize(300);
    batchSize.took(60_000, 1);
    expect(batchSize.current).toBe(1);
  });

  it('says that everybody holds one chunk at a time once chunks have shown to be slow', () => {
    const batchSize = new BatchSize(300);
    expect(batchSize.oneByOne).toBe(false);
    batchSize.took(60_000, 1);
    expect(batchSize.oneByOne).toBe(true);
    const mixed = new BatchSize(300);
    mixed.took(1, 1);
    mixed.took(60_000, 1);
    expect(mixed.oneByOne, 'others may hold a batch from when they were fast').toBe(false);
  });

  it('takes as many as are computed side by side, once it is known how many, however slow they are', () => {
    const batchSize = new BatchSize(30, () => 8);
    expect(batchSize.current).toBe(1);
    batchSize.took(60_000, 1);
    expect(batchSize.current).toBe(8);
    const many = new BatchSize(30, () => 80);
    many.took(60_000, 1);
    expect(many.current).toBe(10);
  });

  it('takes no more than RECEIVE_MAX', () => {
    const batchSize = new BatchSize(300);
    batchSize.took(1, 1000);
    expect(batchSize.current).toBe(100);
  });

  it('takes RECEIVE_MAX where chunks cost no measurable time', () => {
    const batchSize = new BatchSize(21);
    batchSize.took(0, 1);
    expect(batchSize.current).toBe(7);
  });

  it('counts what one chunk of a batch took', () => {
    const batchSize = new BatchSize(300);
    batchSize.took(50, 10);
    expect(batchSize.current).toBe(10);
  });

  it('slows down at once when chunks turn slow', () => {
    const batchSize = new BatchSize(300);
    batchSize.took(1, 1);
    expect(batchSize.current).toBe(50);
    batchSize.took(1000, 1);
    expect(batchSize.current).toBe(1);
  });

  it('speeds up by and by when chunks turn fast', () => {
    const batchSize = new BatchSize(300);
    batchSize.took(100, 1);
    const batches = Array.from({ length: 10 }, () => {
      batchSize.took(0, 1);
      return batchSize.current;
    });
    expect(batches).toEqual([1, 2, 4, 8, 16, 32, 64, 100, 100, 100]);
  });
});
