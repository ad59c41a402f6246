import { describe, expect, it } from 'vitest';
import { Standstill } from '../../ops/here/standstill.js';
const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

function still(answers: readonly (string | undefined | Error)[]): {
  at: (seconds: number, progress?: number) => Promise<string[]>;
  asked: () => number;
} {
  let now = 0;
  let asked = 0;
  const said: string[] = [];
  const standstill = new Standstill(
    () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    (sentence) => said.push(sentence),
    () => now,
  );
  return {
    at: async (seconds, progress = 0) => {
      now = seconds * 1000;
      standstill.look(progress);
      await settled();
      return said;
    },
    asked: () => asked,
  };
}

describe('a run on a cluster that stands still', () => {
  it('is explained after half a minute, and not again for the same reason', async () => {
    const { at, asked } = still(['no image']);
    expect(await at(0)).toEqual([]);
    expect(await at(29)).toEqual([]);
    expect(await at(30)).toEqual(['no image']);
    expect(await at(89)).toEqual(['no image']);
    expect(asked()).toBe(1);
    expect(await at(95)).toEqual(['no image']);
    expect(asked()).toBe(2);
  });

  it('is left alone while it moves, and explained anew when it has moved', async () => {
    const { at } = still(['no image']);
    for (let seconds = 0; seconds < 300; seconds += 20) expect(await at(seconds, seconds)).toEqual([]);
    await at(400, 281);
    expect(await at(431, 281)).toEqual(['no image']);
    await at(500, 282);
    expect(await at(531, 282)).toEqual(['no image', 'no image']);
  });

  it('is not explained where nobody knows, or nobody can be asked', async () => {
    const { at } = still([undefined, new Error('no cluster'), 'quota']);
    await at(0);
    expect(await at(30)).toEqual([]);
    expect(await at(95)).toEqual([]);
    expect(await at(160)).toEqual(['quota']);
  });
});
