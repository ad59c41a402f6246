import { describe, expect, it } from 'vitest';
import { Bench, chunks, never, readResults, resultOf } from '../../support/bench.js';
import { eventually, holds, within } from '../../support/wait.js';
import type { Worker } from '../../support/worker.js';
import type { Harness } from './harness.js';

/** Enough that a kill can come in the middle: Redis takes 100,000 chunks a second. */
const CHUNKS = { redis: 20_000, rabbitmq: 8_000, embedded: 30_000 };

export function describeCrashing(h: Harness): void {
  describe('a broker that is killed', () => {
    it('loses no chunk by kill -9 in the middle of publishing, and none in the middle of consuming', async () => {
      const server = await h.durableBroker();
      await using bench = new Bench(server, { staleMs: 2000 });
      const total = CHUNKS[h.backend];
      const all = chunks(total);
      let confirmed = 0;
      if (h.backend === 'rabbitmq') {
        // RabbitMQ 3.10 loses its streams for good if it is killed in the second after the first of them was declared.
        const early = await bench.worker('early');
        await holds(async () => (await early.depth()).ready === 0, 1500, 'nothing was published');
      }
      const [published, consumed] = [new Tenth(total), new Tenth(total)];

      const seeding = withReconnects(bench, 'seeder', async (broker) => {
        await using lock = await eventually(
          () => broker.seeding(),
          45_000,
          'the lock of the seeder that lost its broker',
        );
        // As the seeder does: what was confirmed stays, the rest is published again.
        const from = confirmed;
        await lock.publish(all.slice(from), (count) => {
          confirmed = from + count;
          published.at(confirmed);
        });
      });
      await inTheMiddle(seeding, published, 'confirmed');
      await server.kill9();
      await server.restart();
      await seeding;

      const done = new Set<string>();
      const consuming = withReconnects(bench, 'worker', async (broker) => {
        while (done.size < total) {
          const deliveries = await broker.receive({ max: 500, waitMs: 500, signal: never });
          await Promise.all(
            deliveries.map(async (delivery) => {
              await delivery.complete(resultOf(delivery.chunk));
              done.add(delivery.chunk.chunkId);
              consumed.at(done.size);
            }),
          );
        }
      });
      await inTheMiddle(consuming, consumed, 'completed');
      await server.kill9();
      await server.restart();
      await within(consuming, 120_000, 'consuming the rest');

      const recorded = new Set((await readResults(await bench.worker('reader'))).map(({ chunkId }) => chunkId));
      expect(
        all.filter(({ chunkId }) => !recorded.has(chunkId)),
        'chunks without a record',
      ).toEqual([]);
      expect(recorded.size).toBe(total);
    }, 300_000);
  });
}

/** When more than a tenth is done: told, since a fast broker is done with all between two looks. */
class Tenth {
  readonly reached: Promise<void>;
  readonly #least: number;
  #tell: () => void = () => undefined;

  constructor(total: number) {
    this.#least = total * 0.1;
    this.reached = new Promise((resolve) => (this.#tell = resolve));
  }

  at(done: number): void {
    if (done > this.#least) this.#tell();
  }
}

/** Resolves when a tenth is done and the rest is not; fails as soon as the work does. */
async function inTheMiddle(work: Promise<void>, tenth: Tenth, what: string): Promise<void> {
  const early = work.then(() => {
    throw new Error(`all chunks were ${what} before the broker could be killed`);
  });
  await Promise.race([early, within(tenth.reached, 60_000, `a tenth of the chunks ${what}`)]);
  early.catch(() => {});
}

/** A pod: works until its broker is gone, then starts again, as Kubernetes would start it. */
async function withReconnects(bench: Bench, name: string, work: (broker: Worker) => Promise<void>): Promise<void> {
  for (let start = 0; ; start++) {
    const broker = await bench.worker(`${name}-${start}`).catch((error: unknown) => {
      if (start < 10) return undefined;
      throw error;
    });
    if (!broker) continue;
    try {
      return await work(broker);
    } catch (error) {
      if (start === 10) throw error;
    }
  }
}
