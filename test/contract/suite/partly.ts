import { describe, expect, it } from 'vitest';
import { readLedger } from '../../../core/ledger/ledger.js';
import type { Chunk } from '../../../core/model/chunk.js';
import { ChunkError, LeaseLost } from '../../../core/runtime/errors.js';
import {
  plan,
  planRecord,
  publish,
  reachesDepth,
  readRecords,
  readResults,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { append } from '../../support/worker.js';
import { resultRecord } from '../../unit/support.js';
import type { Harness } from './harness.js';

/** The part of a chunk from `start` to `end`, as a piece of it. */
function pieceOf(chunk: Chunk, start: number, end: number): Chunk {
  return { ...chunk, start, end, chunkId: `${chunk.chunkId}.${start}-${end}`, piece: true };
}

export function describePartly(h: Harness): void {
  describe('completing in part', () => {
    it('records what is finished, and puts the rest back as pieces with all their attempts', async () => {
      await using bench = h.bench({ retryMs: 0 });
      const worker = await bench.worker();
      await publish(worker, 1);
      await (await receiveOne(worker)).retry(new ChunkError('boom', { retryable: true }));
      const delivery = await receiveOne(worker);
      const { chunk } = delivery;
      const rest = [pieceOf(chunk, 4, 6), pieceOf(chunk, 7, 9)];
      const finished = { ...chunk, end: 3 };
      await delivery.complete(resultOf(finished), rest);
      const { runId, chunkId } = chunk;
      expect(await readRecords(worker)).toEqual([
        { kind: 'result', runId, chunkId, start: 0, end: 3, attempt: 2, ...resultOf(finished) },
      ]);
      await reachesDepth(worker, { unfinished: 2, delayed: 0, dead: 0, parked: 0 });
      const pieces = await receive(worker, 2);
      expect(pieces.map((piece) => piece.chunk)).toEqual(rest);
      expect(pieces.map(({ attempt }) => attempt)).toEqual([1, 1]);
      await Promise.all(pieces.map((piece) => piece.complete(resultOf(piece.chunk))));
      await reachesDepth(worker, { unfinished: 0, delayed: 0, dead: 0 });
    });

    it('again and again gives each parameter one result', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, { ...planRecord(), ...plan(1) });
      await publish(worker, 1);
      for (let next = 0; next < 9; next += 3) {
        const delivery = await receiveOne(worker);
        const { start, end } = delivery.chunk;
        expect(start).toBe(next);
        await delivery.complete(resultRecord(start, start + 2), [pieceOf(delivery.chunk, start + 3, end)]);
      }
      const last = await receiveOne(worker);
      await last.complete(resultRecord(9, 9));
      const ledger = await readLedger(() => worker.records(), 'run-1');
      const { digest, summary } = resultRecord(0, 9);
      expect(ledger.missing()).toEqual([]);
      expect(ledger).toMatchObject({ aggregated: 10, digest, conflicts: [] });
      expect(ledger.sum.toString()).toBe(summary.sum);
    });

    it('stands in a batch beside other settlements', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 4);
      const [first, second, third, fourth] = await receive(worker, 4);
      await worker.halt('run-1', 'cancelled');
      const answers = await worker.settle([
        { delivery: third!, verb: 'complete', result: resultOf(third!.chunk) },
        {
          delivery: first!,
          verb: 'complete',
          result: resultOf({ ...first!.chunk, end: 4 }),
          rest: [pieceOf(first!.chunk, 5, 9)],
        },
        { delivery: fourth!, verb: 'discard' },
        { delivery: second!, verb: 'complete', result: resultOf(second!.chunk) },
      ]);
      expect(answers).toEqual([undefined, undefined, undefined, undefined]);
      const intervals = (await readResults(worker)).map(({ start, end }) => `${start}-${end}`);
      expect(intervals.toSorted()).toEqual(['0-4', '10-19', '20-29']);
      expect((await receiveOne(worker)).chunk).toEqual(pieceOf(first!.chunk, 5, 9));
      await reachesDepth(worker, { unfinished: 1 });
    });

    it('settles: whatever is tried after it throws and changes nothing', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      const rest = [pieceOf(delivery.chunk, 5, 9)];
      const result = resultOf({ ...delivery.chunk, end: 4 });
      await delivery.complete(result, rest);
      await expect(delivery.complete(result, rest)).rejects.toThrow('settled');
      await expect(delivery.release()).rejects.toThrow('settled');
      expect(await readResults(worker)).toHaveLength(1);
      await reachesDepth(worker, { unfinished: 1, delayed: 0 });
    });

    if (h.leaseIsConnection) return;
    it('changes nothing where the lease went to another worker', async () => {
      await using bench = h.bench({ staleMs: 600 });
      const slow = await bench.worker('slow');
      const other = await bench.worker('other');
      await publish(slow, 1);
      const delivery = await receiveOne(slow);
      const taken = await receiveOne(other);
      const partly = delivery.complete(resultOf({ ...delivery.chunk, end: 4 }), [pieceOf(delivery.chunk, 5, 9)]);
      await expect(partly).rejects.toThrow(LeaseLost);
      expect(await readRecords(other)).toEqual([]);
      await taken.complete(resultOf(taken.chunk));
      await reachesDepth(other, { unfinished: 0 });
    });
  });
}
