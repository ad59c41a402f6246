import { describe, expect, it } from 'vitest';
import { ChunkError, SeederBusy } from '../../../core/runtime/errors.js';
import { IntervalSet } from '../../../core/model/interval.js';
import { chunksOf, planInterval } from '../../../core/model/plan.js';
import {
  CREATED_AT,
  chunks,
  plan,
  publish,
  reachesDepth,
  readResults,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { eventually, holds } from '../../support/wait.js';
import type { Harness } from './harness.js';

/** How far the source of chunks may run ahead of what the broker has confirmed. */
const WINDOW = 10_000;

export function describePublishing(h: Harness): void {
  describe('publishing', () => {
    it('delivers every published chunk once and as it was, oldest first', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const published = await publish(worker, 300);
      const deliveries = await receive(worker, 300);
      expect(deliveries.map(({ chunk }) => chunk)).toEqual(published);
      expect(deliveries.every(({ attempt }) => attempt === 1)).toBe(true);
      await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    });

    it('publishes what several calls under one lock hand over, each chunk once', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const all = chunks(600);
      await using lock = await worker.seeding();
      for (const part of [all.slice(0, 300), all.slice(300, 301), all.slice(301)])
        expect(await lock.publish(part)).toBe(part.length);
      await lock[Symbol.asyncDispose]();
      const deliveries = await receive(worker, 600);
      expect(deliveries.map(({ chunk }) => chunk)).toEqual(all);
      await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
    });

    it('shares the chunks of one run between workers, none of them twice', async () => {
      await using bench = h.bench();
      const workers = await Promise.all(['a', 'b'].map((name) => bench.worker(name)));
      await publish(workers[0]!, 400);
      const seen: string[] = [];
      const work = async (worker: (typeof workers)[number]) => {
        while (seen.length < 400) {
          for (const delivery of await worker.receive({ max: 20, waitMs: 200, signal: AbortSignal.timeout(20_000) })) {
            seen.push(delivery.chunk.chunkId);
            await delivery.complete(resultOf(delivery.chunk));
          }
        }
      };
      await Promise.all(workers.map(work));
      expect(seen.toSorted()).toEqual(chunks(400).map(({ chunkId }) => chunkId));
    });

    it('publishes 100,000 chunks in bounded memory, pulling no faster than the broker confirms', async () => {
      await using bench = h.bench();
      const seeder = await bench.worker('seeder');
      let pulled = 0;
      let confirmed = 0;
      let furthest = 0;
      let heap = 0;
      function* source() {
        for (const chunk of chunksOf(plan(100_000), CREATED_AT)) {
          furthest = Math.max(furthest, ++pulled - confirmed);
          yield chunk;
        }
      }
      const before = process.memoryUsage().heapUsed;
      await using lock = await seeder.seeding();
      const total = await lock.publish(source(), (count) => {
        expect(count, 'confirmed only grows').toBeGreaterThan(confirmed);
        confirmed = count;
        heap = Math.max(heap, process.memoryUsage().heapUsed - before);
      });
      expect(total).toBe(100_000);
      expect(confirmed).toBe(100_000);
      expect(furthest).toBeLessThanOrEqual(WINDOW);
      expect(heap).toBeLessThan(150 << 20);
      await reachesDepth(seeder, { ready: 100_000, leased: 0 });
    }, 120_000);

    it('publishes several times under one lock, all of it', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      {
        await using lock = await worker.seeding();
        expect(await lock.publish(chunks(300))).toBe(300);
        expect(await lock.publish(chunks(300))).toBe(300);
      }
      await reachesDepth(worker, { ready: 600 });
    });

    it('publishes nothing when there is nothing to publish', async () => {
      await using bench = h.bench();
      const seeder = await bench.worker();
      await using lock = await seeder.seeding();
      expect(await lock.publish([])).toBe(0);
    });

    it('lets one seeder publish at a time, and the next one after it', async () => {
      await using bench = h.bench();
      const [first, second] = await Promise.all(['a', 'b'].map((name) => bench.worker(name)));
      const lock = await first!.seeding();
      await expect(second!.seeding()).rejects.toThrow(SeederBusy);
      await holds(
        () =>
          second!.seeding().then(
            () => false,
            (e: unknown) => e instanceof SeederBusy,
          ),
        1500,
        'the lock stays with its holder',
      );
      await lock[Symbol.asyncDispose]();
      const next = await eventually(() => second!.seeding(), 5000, 'the lock free after its release');
      await expect(first!.seeding()).rejects.toThrow(SeederBusy);
      await next[Symbol.asyncDispose]();
    });

    if (h.backend !== 'rabbitmq') {
      it('leaves out, in the same step, what came into the queue after it was listed', async () => {
        await using bench = h.bench();
        const seeder = await bench.worker('seeder');
        const worker = await bench.worker('worker');
        const all = chunks(600);
        await using lock = await seeder.seeding();
        await lock.publish(all.slice(0, 2));
        const [first, second] = await receive(worker, 2);
        await first!.deadLetter(new ChunkError('boom', { retryable: false }), 'worker');
        await second!.complete(resultOf(second!.chunk));
        for await (const chunk of lock.queued() ?? []) expect(chunk, 'the queue is empty').toBeUndefined();
        for await (const { id } of worker.deadLetters()) expect(await worker.replay([id])).toEqual([id]);
        // The chunk comes in the second window of three; the first must remember what it saw.
        const wanted = [...all.slice(1, 300), all[0]!, ...all.slice(300)];
        expect(await lock.publish(wanted)).toBe(599);
        const ids: string[] = [];
        for await (const chunk of lock.queued() ?? []) ids.push(chunk.chunkId);
        expect(ids.toSorted()).toEqual(all.map(({ chunkId }) => chunkId));
      });
    }

    it('frees the lock of a seeder that died', async () => {
      await using bench = h.bench();
      const { broker: dying, die } = await bench.mortal('dying');
      const other = await bench.worker('other');
      await dying.seeding();
      await expect(other.seeding()).rejects.toThrow(SeederBusy);
      die();
      const lock = await eventually(() => other.seeding(), 60_000, 'the lock free after the death of its holder');
      await lock[Symbol.asyncDispose]();
    }, 90_000);

    it('records what was published again, though it had a record before: that one may have been deleted', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      for (const times of [1, 2]) {
        await publish(worker, 3);
        const deliveries = await receive(worker, 3);
        await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
        expect(await readResults(worker)).toHaveLength(3 * times);
      }
    });

    it('lists the parameters that are still queued, in whatever state, where it can list its queue at all', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 20);
      const delivery = await receiveOne(worker);
      await delivery.complete(resultOf(delivery.chunk));
      await receiveOne(worker);
      await using lock = await worker.seeding();
      const queued = lock.queued();
      // A queue of RabbitMQ cannot be read without taking from it.
      expect(queued === undefined).toBe(h.backend === 'rabbitmq');
      if (!queued) return;
      const set = new IntervalSet();
      for await (const interval of queued) set.add(interval);
      expect(set.gaps(planInterval(plan(20)))).toEqual([{ start: 0, end: 9 }]);
    });
  });
}
