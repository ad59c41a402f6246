/** What a batch of a program's parameters comes to, where one of its values is none. */
import { expect, it } from 'vitest';
import type { Outcome } from '../../../compute/executor.js';
import { Work, type Item } from '../../../compute/program/work.js';
import type { Chunk } from '../../../core/model/chunk.js';
import type { Value } from '../../../core/model/value.js';

const LONE_SURROGATE = '\ud800';

const chunk = (start: number, end: number): Chunk => ({
  runId: 'r',
  chunkId: String(start),
  start,
  end,
  computation: 'sweep:0',
  keepValues: true,
  piece: false,
  createdAt: '2026-11-25T00:00:00.000Z',
});

/** @param values by parameter, in the order in which they come */
async function outcomes(range: Chunk, values: readonly (readonly [number, Value])[]): Promise<readonly Outcome[]> {
  const all: Outcome[] = [];
  using work = new Work([[0, range]], {
    settled: (some) => void all.push(...some),
    signal: new AbortController().signal,
    chunkLimitMs: 60_000,
    progress: () => undefined,
  });
  const items = new Map<number, Item>();
  for (let item; (item = work.next());) items.set(item.index, item);
  for (const [index, value] of values) work.computed(items.get(index) as Item, value);
  await work.finished;
  return all;
}

it('the last value of a chunk, if it is unfit, fails its parameter and leaves nothing open', async () => {
  const [outcome] = await outcomes(chunk(4, 5), [
    [4, 1],
    [5, LONE_SURROGATE],
  ]);
  expect(outcome).toMatchObject({ failure: { parameter: 5, retryable: false } });
});

it('an unfit value that came before its turn is blamed on its own parameter', async () => {
  const [outcome] = await outcomes(chunk(4, 6), [
    [5, LONE_SURROGATE],
    [4, 1],
  ]);
  expect(outcome).toMatchObject({ failure: { parameter: 5 } });
});
