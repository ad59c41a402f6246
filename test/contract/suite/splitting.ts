import { describe, expect, it } from 'vitest';
import { ChunkError } from '../../../core/runtime/errors.js';
import { readLedger } from '../../../core/ledger/ledger.js';
import type { Chunk } from '../../../core/model/chunk.js';
import { splitChunk } from '../../../core/model/split.js';
import {
  chunks,
  planRecord,
  publish,
  reachesDepth,
  readRecords,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { append, seeding, type HeldDelivery } from '../../support/worker.js';
import { resultRecord } from '../../unit/support.js';
import type { Harness } from './harness.js';

/** Completes with the values of the built-in computation, whose digests add up. */
const completeTruly = (delivery: HeldDelivery): Promise<void> =>
  delivery.complete(resultRecord(delivery.chunk.start, delivery.chunk.end));

export function describeSplitting(h: Harness): void {
  describe('splitting', () => {
    it('replaces a chunk by its pieces, each as a first attempt', async () => {
      await using bench = h.bench({ retryMs: 0 });
      const worker = await bench.worker();
      await publish(worker, 1);
      await (await receiveOne(worker)).retry(new ChunkError('boom', { retryable: true }));
      const delivery = await receiveOne(worker);
      expect(delivery.attempt).toBe(2);
      const pieces = splitChunk(delivery.chunk, 4);
      await delivery.split(pieces);
      await reachesDepth(worker, { unfinished: 3, delayed: 0, dead: 0 });
      const deliveries = await receive(worker, 3);
      expect(deliveries.map(({ chunk }) => chunk)).toEqual(pieces);
      expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      await Promise.all(deliveries.map((each) => each.complete(resultOf(each.chunk))));
      expect((await readRecords(worker)).map((record) => record.kind)).toEqual(['result', 'result', 'result']);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('settles: whatever is tried after it throws and changes nothing', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      const pieces = splitChunk(delivery.chunk, 4);
      await delivery.split(pieces);
      await expect(delivery.split(pieces)).rejects.toThrow('settled');
      await expect(delivery.complete(resultOf(delivery.chunk))).rejects.toThrow('settled');
      expect(await readRecords(worker)).toEqual([]);
      await reachesDepth(worker, { unfinished: pieces.length, delayed: 0, dead: 0 });
    });

    it('splits again, down to single parameters, which are dead-lettered one by one', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, planRecord());
      await publish(worker, 1);
      for (let left = 1; left > 0;) {
        for (const delivery of await receive(worker, left)) {
          const { start, end } = delivery.chunk;
          left--;
          if (start > 7 || end < 7) await completeTruly(delivery);
          else if (start === end) await delivery.deadLetter(new ChunkError('cursed', { retryable: false }), 'w1', 4);
          else {
            const pieces = splitChunk(delivery.chunk);
            await delivery.split(pieces);
            left += pieces.length;
          }
        }
      }
      const ledger = await readLedger(() => worker.records(), 'run-1');
      expect(ledger.deadRecords()).toMatchObject([
        { start: 7, end: 7, chunkId: '00000.7-7', attempts: 4, error: 'cursed' },
      ]);
      expect(ledger.covered.intervals()).toEqual([
        { start: 0, end: 6 },
        { start: 8, end: 9 },
      ]);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 1 });
    });

    it.each([
      ['before its pieces', [0, 1, 2]],
      ['between them', [1, 0, 2]],
      ['after them', [1, 2, 0]],
    ])(
      'counts each parameter once where a crash left pieces beside the chunk and it is completed %s',
      async (_, order) => {
        await using bench = h.bench();
        const worker = await bench.worker();
        const [chunk] = chunks(1) as [Chunk];
        await seeding(worker, async (held) => {
          await held.append({ ...planRecord(), totalParameters: 10 });
          await held.publish([chunk, ...splitChunk(chunk, 0)]);
        });
        const deliveries = await receive(worker, 3);
        const byStart = [chunk, ...splitChunk(chunk, 0)].map(
          ({ chunkId }) => deliveries.find((d) => d.chunk.chunkId === chunkId) as HeldDelivery,
        );
        for (const at of order) await completeTruly(byStart[at] as HeldDelivery);
        const ledger = await readLedger(() => worker.records(), 'run-1');
        const { digest, summary } = resultRecord(0, 9);
        expect(ledger.missing()).toEqual([]);
        expect(ledger).toMatchObject({ aggregated: 10, digest, conflicts: [], min: summary.min, max: summary.max });
        expect(ledger.sum.toString()).toBe(summary.sum);
        await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
      },
    );
  });
}
