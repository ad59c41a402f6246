import { describe, expect, it } from 'vitest';
import { LeaseLost } from '../../../core/runtime/errors.js';
import { never, publish, readResults, reachesDepth, receiveOne, resultOf } from '../../support/bench.js';
import { eventually, holds } from '../../support/wait.js';
import type { Harness } from './harness.js';

const SLACK_MS = 4000;

export function describeDying(h: Harness): void {
  describe('dying', () => {
    it('still has a message that killed 30 consumers, in the queue or in the dead-letter queue', async () => {
      await using bench = h.bench({ staleMs: 500 });
      const watcher = await bench.worker('watcher');
      await publish(watcher, 1);
      let deaths = 0;
      while (deaths < 30) {
        const { broker, die } = await bench.mortal(`victim-${deaths}`);
        const look = async () => (await broker.receive({ max: 1, waitMs: 0, signal: never }))[0];
        const delivery = await eventually(look, 10_000, 'a redelivery').catch(async (error: unknown) => {
          // The broker's own limit may end it sooner, as long as it ends in the dead-letter queue.
          await reachesDepth(watcher, { ready: 0, leased: 0, delayed: 0, dead: 1 }).catch(() =>
            Promise.reject(error as Error),
          );
        });
        if (!delivery) break;
        deaths++;
        expect(delivery.attempt).toBe(deaths);
        die();
      }
      const isKept = async () => {
        const { ready, leased, delayed, dead } = await watcher.depth();
        // RabbitMQ's count of leased chunks is seconds old, and nobody holds this one any more.
        return ready + (h.leaseIsConnection ? 0 : leased) + delayed + dead === 1;
      };
      await eventually(isKept, 15_000, 'the message in one of the queues');
      await holds(isKept, 1500, 'the message stays in one of the queues');
    }, 180_000);

    it('frees the chunk of a worker that is cut off within the lease and 3 s, and lets that worker go on once it is back', async () => {
      const staleMs = 1000;
      await using bench = h.bench({ staleMs });
      const { broker: cutOff, stall, heal } = await bench.mortal('cut-off');
      const other = await bench.worker('other');
      await publish(cutOff, 1);
      const lost = await receiveOne(cutOff);
      stall();
      // Other brokers' heartbeats of 5 s and more would show; the slack is for a machine that is busy.
      const taken = await receiveOne(other, staleMs + 3000 + SLACK_MS);
      expect(taken.attempt).toBe(2);
      await taken.complete(resultOf(taken.chunk, 'other'));
      // Where the lease is the connection its holder learns of the end too, though nobody can tell it.
      if (h.leaseIsConnection)
        await eventually(
          () =>
            lost.extendLease().then(
              () => false,
              (error) => error instanceof LeaseLost,
            ),
          staleMs + 3000 + SLACK_MS,
          'LeaseLost on this side of the cut',
        );
      heal();
      await expect(lost.complete(resultOf(lost.chunk, 'cut-off'))).rejects.toThrow(LeaseLost);
      expect((await readResults(other)).map(({ workerId }) => workerId)).toEqual(['other']);
      await publish(other, 1);
      await (await receiveOne(cutOff)).release();
    });

    // On Redis a busy worker looks for what is due every STALE_CHECK_INTERVAL_SECONDS, so it need not be the next.
    if (h.leaseEndsWithConnection) {
      it('gives the chunk of a dead worker to the next that asks, also while that one still settles its last', async () => {
        await using bench = h.bench();
        const worker = await bench.worker('survivor');
        await publish(worker, 6);
        const { broker, die } = await bench.mortal('victim');
        const dead = await receiveOne(broker);
        const last = await receiveOne(worker);
        die();
        await eventually(async () => (await worker.depth()).ready === 5, 15_000, 'the end of its lease');
        const settling = last.complete(resultOf(last.chunk));
        const next = await receiveOne(worker);
        await settling;
        expect(next.chunk.chunkId).toBe(dead.chunk.chunkId);
        expect(next.attempt).toBe(2);
      });
    }

    it('costs no neighbour an attempt when one chunk of a batch of 50 kills its worker again and again', async () => {
      // Nobody sends heartbeats here: a lease must outlast each chunk, and where only time ends one, nobody waits for long.
      await using bench = h.bench({ staleMs: h.leaseEndsWithConnection ? 20_000 : 1000 });
      const worker = await bench.worker('survivor');
      const published = await publish(worker, 50);
      const { kill9 } = await bench.holder('victim', 50);
      await kill9();
      const killer = published[25]!.chunkId;
      const attempts = new Map<string, number>();
      let deaths = 1;
      while (attempts.size < 50) {
        const { broker, die } = await bench.mortal(`w-${deaths}`);
        while (attempts.size < 50) {
          const batch = await eventually(
            async () => {
              const deliveries = await broker.receive({ max: 50, waitMs: 500, signal: never });
              return deliveries.length > 0 && deliveries;
            },
            15_000,
            'a redelivery',
          );
          expect(batch, 'delivered alone').toHaveLength(1);
          const { chunk, attempt } = batch[0]!;
          if (chunk.chunkId === killer && attempt < 4) {
            deaths++;
            die();
            break;
          }
          attempts.set(chunk.chunkId, attempt);
          await batch[0]!.complete(resultOf(chunk));
        }
      }
      expect(deaths).toBe(3);
      expect(attempts.get(killer)).toBe(4);
      attempts.delete(killer);
      expect(new Set(attempts.values())).toEqual(new Set([2]));
      expect(await readResults(worker)).toHaveLength(50);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 0 });
    }, 120_000);
  });
}
