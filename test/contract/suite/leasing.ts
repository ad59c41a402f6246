import { describe, expect, it } from 'vitest';
import { ChunkError, LeaseLost } from '../../../core/runtime/errors.js';
import { chunksOf } from '../../../core/model/plan.js';
import { splitChunk } from '../../../core/model/split.js';
import {
  CREATED_AT,
  never,
  plan,
  publish,
  readRecords,
  readResults,
  reachesDepth,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { eventually, holds } from '../../support/wait.js';
import { seeding, type HeldDelivery, type Worker } from '../../support/worker.js';
import type { Harness } from './harness.js';

const failure = new ChunkError('boom', { retryable: true });
const VERBS: readonly [name: string, settle: (delivery: HeldDelivery) => Promise<void>][] = [
  ['extendLease', (d) => d.extendLease()],
  ['complete', (d) => d.complete(resultOf(d.chunk, 'late'))],
  ['retry', (d) => d.retry(failure)],
  ['split', (d) => d.split(splitChunk(d.chunk))],
  ['deadLetter', (d) => d.deadLetter(failure, 'late')],
  ['release', (d) => d.release()],
];

export function describeLeasing(h: Harness): void {
  describe('leasing', () => {
    it('redelivers the chunks of a worker process that was killed, one at a time and as second attempts', async () => {
      await using bench = h.bench({ staleMs: 1000 });
      const worker = await bench.worker('survivor');
      const published = await publish(worker, 5);
      const { held, kill9 } = await bench.holder('victim', 5);
      expect(held.every(({ attempt }) => attempt === 1)).toBe(true);
      await kill9();
      const seen: string[] = [];
      while (seen.length < 5) {
        const deliveries = await eventually(() => batchOf(worker, 100), 15_000, 'a redelivery');
        expect(
          deliveries.map(({ attempt }) => attempt),
          'alone, as a second attempt',
        ).toEqual([2]);
        for (const delivery of deliveries) {
          seen.push(delivery.chunk.chunkId);
          await delivery.complete(resultOf(delivery.chunk));
        }
      }
      expect(seen.toSorted()).toEqual(published.map(({ chunkId }) => chunkId));
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('delivers what was started before alone, though new chunks are waiting too', async () => {
      await using bench = h.bench({ staleMs: 1000 });
      const { broker: dying, die } = await bench.mortal('dying');
      const worker = await bench.worker('survivor');
      await publish(worker, 3);
      await receive(dying, 3);
      die();
      await publishMore(bench, 20);
      const attempts = new Map<string, number>();
      while (attempts.size < 23) {
        const deliveries = await eventually(() => batchOf(worker, 100), 15_000, 'a delivery');
        if (deliveries.length > 1) expect(deliveries.map(({ attempt }) => attempt)).toEqual(deliveries.map(() => 1));
        for (const delivery of deliveries) {
          attempts.set(`${delivery.chunk.runId} ${delivery.chunk.chunkId}`, delivery.attempt);
          await delivery.complete(resultOf(delivery.chunk));
        }
      }
      expect([...attempts.values()].filter((attempt) => attempt === 2)).toHaveLength(3);
    });

    it('keeps a chunk with its worker for as long as heartbeats come', async () => {
      await using bench = h.bench({ staleMs: 1000 });
      const holder = await bench.worker('holder');
      const other = await bench.worker('other');
      await publish(holder, 1);
      const delivery = await receiveOne(holder);
      const beat = async () => {
        await delivery.extendLease();
        return (await other.receive({ max: 1, waitMs: 100, signal: never })).length === 0;
      };
      await holds(beat, 4000, 'nobody else gets the chunk');
      await delivery.complete(resultOf(delivery.chunk));
      expect(await readResults(other)).toHaveLength(1);
    });

    it.each(VERBS)('changes nothing by a late %s', async (_, settle) => {
      await using bench = h.bench({ staleMs: 1000 });
      const { broker: late, die } = await bench.mortal('late');
      const other = await bench.worker('other');
      await publish(late, 1);
      const lost = await receiveOne(late);
      if (h.leaseIsConnection) die();
      const taken = await receiveOne(other);
      expect(taken.attempt).toBe(2);
      if (h.leaseIsConnection) {
        // Nothing says goodbye over a connection that is gone; whether the verb throws is up to what the client knows.
        await settle(lost).catch(() => {});
      } else {
        await expect(settle(lost)).rejects.toThrow(LeaseLost);
        const raw = await bench.raw();
        expect(await raw.pending()).toMatchObject([{ consumer: 'other', deliveries: 2 }]);
        expect(await readRecords(other)).toEqual([]);
        expect(await raw.deadLetters()).toEqual([]);
      }
      await taken.extendLease();
      await taken.complete(resultOf(taken.chunk, 'other'));
      const records = await readRecords(other);
      expect(records.map((record) => record.kind === 'result' && record.workerId)).toEqual(['other']);
      await reachesDepth(other, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('appends at most an equal record when two workers complete the same chunk', async () => {
      await using bench = h.bench({ staleMs: 1000 });
      const { broker: late, die } = await bench.mortal('late');
      const other = await bench.worker('other');
      await publish(late, 1);
      const lost = await receiveOne(late);
      if (h.leaseIsConnection) die();
      const taken = await receiveOne(other);
      await taken.complete(resultOf(taken.chunk, 'other'));
      await lost.complete(resultOf(lost.chunk, 'late')).catch(() => {});
      const results = await readResults(other);
      expect(results.length).toBeGreaterThanOrEqual(1);
      expect(results.length).toBeLessThanOrEqual(h.leaseIsConnection ? 2 : 1);
      expect(new Set(results.map(({ digest, start, end }) => `${digest} ${start} ${end}`)).size).toBe(1);
      await reachesDepth(other, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('gives back what a worker holds when it leaves, at once and at no cost', async () => {
      await using bench = h.bench();
      const leaving = await bench.worker('leaving');
      const other = await bench.worker('other');
      const published = await publish(leaving, 5);
      const held = await receive(leaving, 5);
      await held[0]!.complete(resultOf(held[0]!.chunk));
      await leaving[Symbol.asyncDispose]();
      const deliveries = await receive(other, 4, 5000);
      expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
      expect(deliveries.map(({ chunk }) => chunk.chunkId).toSorted()).toEqual(
        published.slice(1).map(({ chunkId }) => chunkId),
      );
    });
  });
}

async function batchOf(worker: Worker, max: number): Promise<HeldDelivery[] | false> {
  const deliveries = await worker.receive({ max, waitMs: 500, signal: never });
  return deliveries.length > 0 && deliveries;
}

/** Chunks of a further run, so that their names differ from what is in the queue already. */
async function publishMore(bench: ReturnType<Harness['bench']>, count: number): Promise<void> {
  const seeder = await bench.worker('seeder');
  await seeding(seeder, (held) => held.publish(chunksOf(plan(count, 10, 'run-2'), CREATED_AT)));
}
