import { describe, expect, it } from 'vitest';
import { size } from '../../core/model/interval.js';
import type { Chunk } from '../../core/model/chunk.js';
import { chunkId, chunksOf, type Plan } from '../../core/model/plan.js';
import { splitChunk } from '../../core/model/split.js';
import { attemptsOf } from '../../worker/attempts.js';

const plan: Plan = {
  runId: 'run-1',
  totalParameters: 10_000,
  chunkSize: 100,
  computation: 'builtin',
  keepValues: false,
  maxDead: 100,
};
const chunk = [...chunksOf(plan, '2026-01-01T00:00:00.000Z')][42] as Chunk;
const single: Chunk = { ...chunk, start: 4217, end: 4217, piece: true, chunkId: '00042.4217-4217' };
const borders = (pieces: readonly Chunk[]): string[] => pieces.map((piece) => `${piece.start}-${piece.end}`);

describe('splitting a chunk', () => {
  it.each([
    [4217, ['4200-4216', '4217-4217', '4218-4299']],
    [4200, ['4200-4200', '4201-4299']],
    [4299, ['4200-4298', '4299-4299']],
  ])('sets parameter %i apart where it is known to fail', (suspect, expected) => {
    expect(borders(splitChunk(chunk, suspect))).toEqual(expected);
  });

  it('takes a suspect outside of the chunk for none', () => {
    expect(splitChunk(chunk, 99)).toEqual(splitChunk(chunk));
  });

  it('tiles the chunk with nearly equal pieces where nothing is known, whatever its size', () => {
    for (const length of [2, 3, 7, 8, 9, 15, 16, 17, 100, 1000]) {
      const whole = { ...chunk, start: 4200, end: 4200 + length - 1 };
      const pieces = splitChunk(whole);
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces[0]?.start).toBe(whole.start);
      expect(pieces.at(-1)?.end).toBe(whole.end);
      for (const [i, piece] of pieces.slice(1).entries()) expect(piece.start).toBe((pieces[i] as Chunk).end + 1);
      const sizes = pieces.map(size);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
    }
  });

  it('names pieces, and pieces of pieces, as the plan does, and keeps what else the message says', () => {
    for (const piece of splitChunk(chunk).flatMap((each) => [each, ...splitChunk(each)])) {
      expect(piece).toEqual({
        ...chunk,
        piece: true,
        start: piece.start,
        end: piece.end,
        chunkId: chunkId(plan, piece),
      });
      expect(piece.piece).toBe(true);
    }
    expect(chunk.piece).toBe(false);
  });

  it('ends at single parameters in a few steps', () => {
    let steps = 0;
    for (let pieces = [{ ...chunk, start: 0, end: 999_999 }]; pieces.some((piece) => size(piece) > 1); steps++) {
      pieces = [pieces.flatMap((piece) => splitChunk(piece)).sort((a, b) => size(b) - size(a))[0] as Chunk];
    }
    expect(steps).toBe(7);
  });

  it('refuses to split a single parameter', () => {
    expect(() => splitChunk(single)).toThrow('single parameter');
  });
});

describe('attempts', () => {
  it('gives a whole chunk and a single parameter 1 + MAX_RETRIES', () => {
    expect(attemptsOf(chunk, 3)).toEqual({ failed: 4, died: 4 });
    expect(attemptsOf(single, 3)).toEqual({ failed: 4, died: 4 });
    expect(attemptsOf(single, 50)).toEqual({ failed: 51, died: 51 });
  });

  it('splits a piece of several parameters at its first failure, and at its second death', () => {
    expect(attemptsOf(splitChunk(chunk)[0] as Chunk, 3)).toEqual({ failed: 1, died: 2 });
  });

  it('holds no first death against anyone: a neighbour may have killed the worker', () => {
    expect(attemptsOf(single, 0)).toEqual({ failed: 1, died: 2 });
    expect(attemptsOf(chunk, 0)).toEqual({ failed: 1, died: 2 });
  });
});
