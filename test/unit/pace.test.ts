import { describe, expect, it } from 'vitest';
import { Pace } from '../../worker/pace.js';

describe('the pace of a worker', () => {
  it('takes one chunk until it knows what chunks cost', () => {
    expect(new Pace(100).batch).toBe(1);
  });

  it('takes as many as compute in a moment', () => {
    const pace = new Pace(100);
    pace.took(5, 1);
    expect(pace.batch).toBe(10);
  });

  it('takes one chunk at a time where each is slow', () => {
    const pace = new Pace(100);
    pace.took(60_000, 1);
    expect(pace.batch).toBe(1);
  });

  it('says that everybody holds one chunk at a time once chunks have shown to be slow', () => {
    const pace = new Pace(100);
    expect(pace.oneByOne).toBe(false);
    pace.took(60_000, 1);
    expect(pace.oneByOne).toBe(true);
    const mixed = new Pace(100);
    mixed.took(1, 1);
    mixed.took(60_000, 1);
    expect(mixed.oneByOne, 'others may hold a batch from when they were fast').toBe(false);
  });

  it('takes no more than RECEIVE_MAX', () => {
    const pace = new Pace(100);
    pace.took(1, 1000);
    expect(pace.batch).toBe(100);
  });

  it('takes RECEIVE_MAX where chunks cost no measurable time', () => {
    const pace = new Pace(7);
    pace.took(0, 1);
    expect(pace.batch).toBe(7);
  });

  it('counts what one chunk of a batch took', () => {
    const pace = new Pace(100);
    pace.took(50, 10);
    expect(pace.batch).toBe(10);
  });

  it('slows down at once when chunks turn slow', () => {
    const pace = new Pace(100);
    pace.took(1, 1);
    expect(pace.batch).toBe(50);
    pace.took(1000, 1);
    expect(pace.batch).toBe(1);
  });

  it('speeds up by and by when chunks turn fast', () => {
    const pace = new Pace(100);
    pace.took(100, 1);
    const batches = Array.from({ length: 10 }, () => {
      pace.took(0, 1);
      return pace.batch;
    });
    expect(batches).toEqual([1, 2, 4, 8, 16, 32, 64, 100, 100, 100]);
  });
});
