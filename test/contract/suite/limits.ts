import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../../core/model/plan.js';
import { splitChunk } from '../../../core/model/split.js';
import { ChunkError, Unrecordable } from '../../../core/runtime/errors.js';
import {
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
import { eventually, within } from '../../support/wait.js';
import { seeding } from '../../support/worker.js';
import type { Harness } from './harness.js';

export function describeLimits(h: Harness): void {
  describe('limits', () => {
    it('has no fatal concern about a broker that is set up as it should be', async () => {
      await using bench = h.bench();
      const concerns = await (await bench.worker()).concerns();
      expect(concerns.filter(({ fatal }) => fatal)).toEqual([]);
    });

    it('tells what a dead parameter costs, and how large a record may be', async () => {
      await using bench = h.bench();
      const capacity = await (await bench.worker()).capacity();
      expect(capacity.memoryPerDead).toBeGreaterThan(0);
      expect(capacity.diskPerDead).toBeGreaterThan(0);
      expect(capacity.maxRecordBytes).toBeGreaterThan(1 << 20);
    });

    it('refuses a record that the broker will never take, changes nothing for it, and settles the rest of the batch', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const { maxRecordBytes } = await worker.capacity();
      // Packed each of these values takes 9 bytes.
      const count = Math.ceil(maxRecordBytes / 8);
      await seeding(worker, (held) => held.publish(chunksOf(plan(2, count), CREATED_AT)));
      const [large, small] = await receive(worker, 2);
      const values = Array.from({ length: count }, Math.random);
      const answers = await worker.settle([
        { delivery: large!, verb: 'complete', result: { ...resultOf(large!.chunk), values } },
        { delivery: small!, verb: 'complete', result: resultOf(small!.chunk) },
      ]);
      expect(answers[0]).toBeInstanceOf(Unrecordable);
      expect(answers[0]?.message).toMatch(/CHUNK_SIZE/);
      expect(answers[1]).toBeUndefined();
      expect(await readResults(worker)).toMatchObject([{ chunkId: small!.chunk.chunkId }]);
      await reachesDepth(worker, { unfinished: 1 });
      await large!.split(splitChunk(large!.chunk));
      await reachesDepth(worker, { unfinished: splitChunk(large!.chunk).length });
    });

    it('refuses a result that nobody could read from the log', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 3);
      const deliveries = await receive(worker, 3);
      const [first, second, third] = deliveries.map(({ chunk }) => resultOf(chunk));
      const answers = await worker.settle([
        { delivery: deliveries[0]!, verb: 'complete', result: { ...first!, values: new Array<number>(9).fill(NaN) } },
        {
          delivery: deliveries[1]!,
          verb: 'complete',
          result: { ...second!, summary: { ...second!.summary, max: Infinity } },
        },
        { delivery: deliveries[2]!, verb: 'complete', result: { ...third!, values: [1] } },
      ]);
      for (const answer of answers) expect(answer).toBeInstanceOf(Unrecordable);
      expect(await readRecords(worker)).toEqual([]);
      const error = new ChunkError('has no encoding', { retryable: false });
      for (const delivery of deliveries) await delivery.deadLetter(error, 'w1');
      expect((await readRecords(worker)).map(({ kind }) => kind)).toEqual(['dead', 'dead', 'dead']);
      await reachesDepth(worker, { unfinished: 0, dead: 3 });
    });

    it('never delivers more than was asked for', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 40);
      for (const delivery of await receive(worker, 20)) await delivery.release();
      let left = 40;
      while (left > 0) {
        const max = left > 20 ? 3 : 7;
        const deliveries = await worker.receive({ max, waitMs: 1000, signal: AbortSignal.timeout(20_000) });
        expect(deliveries.length).toBeLessThanOrEqual(max);
        await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
        left -= deliveries.length;
      }
      expect(await worker.receive({ max: 1, waitMs: 100, signal: never })).toEqual([]);
    });

    it('ends a settle that has no answer when nobody waits any more', async () => {
      await using bench = h.bench();
      const giveUp = new AbortController();
      const { broker, stall, heal } = await bench.mortal('w1', { giveUp: giveUp.signal });
      await publish(broker, 2);
      const deliveries = await receive(broker, 2);
      stall();
      const settling = broker.settle(
        deliveries.map((delivery) => ({ delivery, verb: 'complete' as const, result: resultOf(delivery.chunk) })),
      );
      const ended = settling.then(
        () => 'answered',
        () => 'given up',
      );
      giveUp.abort();
      expect(await within(ended, 2000, 'giving up')).toBe('given up');
      heal();
      await within(broker[Symbol.asyncDispose](), 10_000, 'disposing');
      // Nothing is lost by it: what was not recorded is delivered again.
      const other = await bench.worker('other');
      await eventually(
        async () => {
          for (const delivery of await other.receive({ max: 2, waitMs: 200, signal: never }))
            await delivery.complete(resultOf(delivery.chunk));
          return new Set((await readResults(other)).map(({ chunkId }) => chunkId)).size === 2;
        },
        30_000,
        'a result for both chunks',
      );
    });

    it('gives back what it holds when it leaves after the grace period', async () => {
      await using bench = h.bench();
      const giveUp = new AbortController();
      const leaving = await bench.worker('leaving', {}, { giveUp: giveUp.signal });
      await publish(leaving, 1);
      await receiveOne(leaving);
      giveUp.abort();
      await leaving[Symbol.asyncDispose]();
      expect((await receiveOne(await bench.worker('other'), 5000)).attempt).toBe(1);
    });
  });
}
