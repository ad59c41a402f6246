import { describe, expect, it } from 'vitest';
import { Summariser } from '../../../compute/summarise.js';
import { chunksOf } from '../../../core/model/plan.js';
import { valueText } from '../../../core/model/value-text.js';
import type { Value } from '../../../core/model/value.js';
import { ChunkError } from '../../../core/runtime/errors.js';
import {
  chunks,
  CREATED_AT,
  never,
  plan,
  publish,
  reachesDepth,
  readRecords,
  readResults,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { eventually, holds } from '../../support/wait.js';
import { seeding, type HeldDelivery } from '../../support/worker.js';
import type { Harness } from './harness.js';

const RETRY_MS = 1500;

export function describeSettling(h: Harness): void {
  describe('settling', () => {
    it('appends the record of a completed chunk, whole, and then drops the chunk from the queue', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      const result = { ...resultOf(delivery.chunk), values: [0.1, 0.2, 1, 4, 5, 6, 7, 8, 9, 1e-7] };
      await delivery.complete(result);
      const { runId, chunkId, start, end } = delivery.chunk;
      expect(await readRecords(worker)).toEqual([
        { kind: 'result', runId, chunkId, start, end, attempt: 1, ...result },
      ]);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('values of every kind survive the log', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const rows: Value[] = Array.from({ length: 100 }, (_, i) => ({
        loss: Math.sqrt(i),
        steps: i,
        note: `„${i}“ 😀`,
      }));
      const kinds: readonly Value[][] = [
        [NaN, Infinity, -Infinity, 1e308, 2 ** 60, 0.1, 5e-324],
        ['', 'NaN', '\u0000"\\\n\u2028', 'x'.repeat(100_000), true, false, null],
        [{}, [], JSON.parse('{"__proto__":1,"a":[{"b":null}]}') as Value, { 10: NaN, 9: [Infinity] }],
        Array.from({ length: 1000 }, (_, i) => (i % 7 === 0 ? NaN : i / 7)),
        rows,
      ];
      const kept = new Map<number, Value[]>();
      for (const values of kinds) {
        await seeding(worker, (held) =>
          held.publish(chunksOf({ ...plan(1, values.length), runId: `run-${kept.size}` }, CREATED_AT)),
        );
        const delivery = await receiveOne(worker);
        const summariser = new Summariser(true);
        values.forEach((value, i) => summariser.add(i, value));
        const computed = { summary: summariser.summary(), digest: summariser.digest() };
        await delivery.complete({ ...resultOf(delivery.chunk), ...computed, ...summariser.kept() });
        const record = (await readResults(worker)).find(({ runId }) => runId === `run-${kept.size}`);
        expect(record).toMatchObject(computed);
        kept.set(kept.size, values);
        expect(record?.values?.map((value) => valueText(value))).toEqual(values.map((value) => valueText(value)));
      }
    });

    it('completes 50 chunks at once, with a record each', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const published = await publish(worker, 50);
      const deliveries = await receive(worker, 50);
      await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
      const recorded = (await readResults(worker)).map(({ chunkId }) => chunkId);
      expect(recorded.toSorted()).toEqual(published.map(({ chunkId }) => chunkId));
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('settles once: whatever is tried after it throws and changes nothing', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      await delivery.complete(resultOf(delivery.chunk));
      const error = new ChunkError('boom', { retryable: true });
      await expect(delivery.complete(resultOf(delivery.chunk))).rejects.toThrow(Error);
      await expect(delivery.retry(error)).rejects.toThrow(Error);
      await expect(delivery.deadLetter(error, 'w1')).rejects.toThrow(Error);
      await expect(delivery.release()).rejects.toThrow(Error);
      expect(await readRecords(worker)).toHaveLength(1);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('lets one of two simultaneous settles win', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      const outcomes = await Promise.allSettled([delivery.complete(resultOf(delivery.chunk)), delivery.release()]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(await readResults(worker)).toHaveLength(1);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('brings a retried chunk back after the delay and not before, as the next attempt', async () => {
      await using bench = h.bench({ retryMs: RETRY_MS });
      const worker = await bench.worker();
      await publish(worker, 1);
      let delivery = await receiveOne(worker);
      for (const attempt of [2, 3, 4]) {
        await delivery.retry(new ChunkError('boom', { retryable: true }));
        const from = performance.now();
        delivery = await receiveOne(worker);
        const waited = performance.now() - from;
        expect(waited).toBeGreaterThan(RETRY_MS - 50);
        expect(waited).toBeLessThan(RETRY_MS + 3000);
        expect(delivery.attempt).toBe(attempt);
      }
      await delivery.complete(resultOf(delivery.chunk));
      expect(await readRecords(worker)).toMatchObject([{ kind: 'result', attempt: 4 }]);
    });

    it('counts a chunk that waits for its retry as delayed', async () => {
      await using bench = h.bench({ retryMs: 10_000 });
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      await delivery.retry(new ChunkError('boom', { retryable: true }));
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 1, dead: 0 });
      expect(await readRecords(worker)).toEqual([]);
    });

    it('gives a retried chunk to another worker when its own is gone', async () => {
      await using bench = h.bench({ retryMs: RETRY_MS });
      const leaving = await bench.worker('leaving');
      const other = await bench.worker('other');
      await publish(leaving, 1);
      await (await receiveOne(leaving)).retry(new ChunkError('boom', { retryable: true }));
      await leaving[Symbol.asyncDispose]();
      expect((await receiveOne(other)).attempt).toBe(2);
    });

    it('delivers a retried chunk alone, though new chunks are waiting too', async () => {
      await using bench = h.bench({ retryMs: 0 });
      const worker = await bench.worker();
      await publish(worker, 1);
      await (await receiveOne(worker)).retry(new ChunkError('boom', { retryable: true }));
      await reachesDepth(worker, { dead: 0 });
      const again = await receiveOne(worker);
      expect(again.attempt).toBe(2);
      await again.retry(new ChunkError('boom', { retryable: true }));
      await publish(worker, 10);
      const sizes = new Map<number, number>();
      let left = 11;
      while (left > 0) {
        const deliveries = await worker.receive({ max: 100, waitMs: 1000, signal: AbortSignal.timeout(20_000) });
        for (const delivery of deliveries) {
          sizes.set(delivery.attempt, deliveries.length);
          await delivery.complete(resultOf(delivery.chunk));
        }
        left -= deliveries.length;
      }
      expect(sizes.get(3)).toBe(1);
    });

    it('gives back a released chunk at once, at the same attempt', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const other = await bench.worker('other');
      await publish(worker, 1);
      const first = await receiveOne(worker);
      await first.release();
      const second = await receiveOne(other, 3000);
      expect(second.chunk).toEqual(first.chunk);
      expect(second.attempt).toBe(1);
      await second.retry(new ChunkError('boom', { retryable: true }));
      const third = await receiveOne(other);
      expect(third.attempt).toBe(2);
      await third.release();
      const last = await receiveOne(await bench.worker('last'), 3000);
      expect(last.attempt).toBe(2);
      await last.complete(resultOf(last.chunk));
      await reachesDepth(await bench.worker('reader'), { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('releases a chunk as often as it likes without using up an attempt', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      for (let round = 0; round < 8; round++) {
        const delivery = await receiveOne(worker, 5000);
        expect(delivery.attempt).toBe(1);
        await delivery.release();
      }
    });

    it('leaves of a dead-lettered chunk a dead record and its payload in the dead-letter queue, and nothing else', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 2);
      const delivery = await receiveOne(worker);
      await delivery.deadLetter(new ChunkError('parameter 7 is cursed', { retryable: false, parameter: 7 }), 'w1');
      const { runId, chunkId, start, end } = delivery.chunk;
      expect(await readRecords(worker)).toMatchObject([
        {
          kind: 'dead',
          runId,
          chunkId,
          start,
          end,
          attempts: 1,
          workerId: 'w1',
          error: expect.stringContaining('parameter 7 is cursed') as string,
        },
      ]);
      const letters = await (await bench.raw()).deadLetters();
      expect(letters).toHaveLength(1);
      for (const part of [chunkId, runId, String(end)])
        expect(letters[0]!.includes(part), `the payload names ${part}`).toBe(true);
      await reachesDepth(worker, { ready: 1, leased: 0, delayed: 0, dead: 1 });
    });

    it('carries chunks unharmed, whatever their ids hold and whatever lies beside them', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const raw = await bench.raw();
      await using lock = await worker.seeding();
      const alike = chunks(5);
      const ids = ['plain', 'two\nlines', 'ends\n', '\n', '\r\n', 'quo"te\\', 'größe ☃', '[1]'];
      const odd = chunks(5 + ids.length)
        .slice(5)
        .map((chunk, i) => ({ ...chunk, chunkId: ids[i] as string }));
      const got: HeldDelivery[] = [];
      // Without waiting, and as many as there are.
      const reaches = (count: number) =>
        eventually(
          async () => {
            got.push(...(await worker.receive({ max: 100, waitMs: 0, signal: never })));
            return got.length >= count;
          },
          15_000,
          `${count} deliveries`,
        );
      await lock.publish(alike);
      await reaches(alike.length);
      const bytes = Buffer.from([0xc3, 0x0a, 0xff]);
      await raw.putTask(bytes);
      await lock.publish(odd);
      await lock[Symbol.asyncDispose]();
      await reaches(alike.length + odd.length);
      expect(got.map(({ chunk, attempt }) => [chunk, attempt])).toEqual([...alike, ...odd].map((chunk) => [chunk, 1]));
      await Promise.all(got.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
      expect((await readResults(worker)).map(({ chunkId }) => chunkId)).toEqual(
        [...alike, ...odd].map(({ chunkId }) => chunkId),
      );
      expect((await raw.deadLetters()).filter((letter) => letter.includes(bytes))).toHaveLength(1);
      await reachesDepth(worker, { unfinished: 0, delayed: 0, dead: 1 });
    });

    it('dead-letters undecodable messages as they are, does not loop, and delivers the good one behind them', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const raw = await bench.raw();
      const garbage = [
        Buffer.from([0xff, 0x00, 0xfe, 0x80]),
        Buffer.from('{"chunk_id":"00001"}'),
        Buffer.from('no json'),
      ];
      for (const bytes of garbage) await raw.putTask(bytes);
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      await delivery.complete(resultOf(delivery.chunk));
      const letters = await eventually(
        async () => {
          const found = await raw.deadLetters();
          return found.length >= garbage.length && found;
        },
        10_000,
        'the undecodable messages in the dead-letter queue',
      );
      for (const bytes of garbage) expect(letters.filter((letter) => letter.includes(bytes))).toHaveLength(1);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: garbage.length });
      const isQuiet = async () => (await worker.receive({ max: 10, waitMs: 100, signal: never })).length === 0;
      await holds(isQuiet, 1500, 'nothing more is delivered');
      expect(await raw.deadLetters()).toHaveLength(garbage.length);
    });
  });
}
