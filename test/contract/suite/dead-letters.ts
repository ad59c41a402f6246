import { describe, expect, it } from 'vitest';
import { deadLetterWire, type DeadLetter } from '../../../core/wire/dead-letter.js';
import { ChunkError } from '../../../core/runtime/errors.js';
import { readLedger } from '../../../core/ledger/ledger.js';
import { encodeChunk } from '../../../core/wire/chunk-codec.js';
import { unpublished } from '../../../seeder/gaps.js';
import {
  never,
  plan,
  planRecord,
  publish,
  reachesDepth,
  readDeadLetters,
  readResults,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { eventually, within } from '../../support/wait.js';
import { append, type Worker } from '../../support/worker.js';
import type { Harness } from './harness.js';

const GARBAGE = Buffer.from([0xff, 0x00, 0xfe, 0x80]);

export function describeDeadLetters(h: Harness): void {
  describe('dead letters', () => {
    it('are listed with payload, attempts, error, stack, worker and time, again and again', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 3);
      const deliveries = await receive(worker, 3);
      const error = new ChunkError('cursed\nin two lines', { retryable: false });
      for (const delivery of deliveries) await delivery.deadLetter(error, 'w1', 4);
      const first = await list(worker, 3);
      expect(first.map(({ chunk }) => chunk)).toEqual(deliveries.map(({ chunk }) => chunk));
      expect(new Set(first.map(({ id }) => id)).size).toBe(3);
      for (const letter of first) {
        expect(letter).toMatchObject({
          attempts: 4,
          error: error.message,
          stack: error.stack,
          workerId: 'w1',
          failedAt: expect.stringMatching(/^20.*Z$/) as string,
        });
      }
      expect(deadLetterWire(first[0]!)).toMatchObject({ payload: encodeChunk(deliveries[0]!.chunk) });
      // More often than a quorum queue of RabbitMQ 4.0 delivers by default before it drops.
      for (let n = 0; n < 25; n++) expect(await list(worker, 3)).toEqual(first);
      await reachesDepth(worker, { ready: 0, leased: 0, delayed: 0, dead: 3 });
    });

    it('are none before anything was prepared', async () => {
      await using bench = h.bench();
      expect(await readDeadLetters(await bench.connectOnly())).toEqual([]);
    });

    it('are all there for the next reader when one stops in the middle', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await bury(worker, 5);
      for await (const letter of worker.deadLetters()) {
        expect(letter.chunk).toBeDefined();
        break;
      }
      await list(await bench.worker('other'), 5);
    });

    it('do not keep a reader whose connection dies while it stops', async () => {
      await using bench = h.bench();
      const { broker: reader, stall, die } = await bench.mortal('reader');
      await bury(reader, 2);
      const letters = reader.deadLetters()[Symbol.asyncIterator]();
      expect((await letters.next()).done).toBe(false);
      stall();
      const stopped = letters.return?.();
      die();
      await within(Promise.resolve(stopped), 10_000, 'stopping');
    });

    it('are replayed with all their attempts, those that are named, and a result outranks the dead record', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, { ...planRecord(), ...plan(3) });
      await bury(worker, 3);
      const [first, second, third] = await list(worker, 3);
      expect(await worker.replay([second!.id, 'unknown', '0-1'])).toEqual([second!.id]);
      expect((await list(worker, 2)).map(({ id }) => id)).toEqual([first!.id, third!.id]);
      const replayed = await readLedger(() => worker.records(), 'run-1');
      expect(unpublished(plan(3), replayed), 'what a seeder would publish beside it').toEqual([]);
      const delivery = await receiveOne(worker);
      expect(delivery).toMatchObject({ chunk: second!.chunk, attempt: 1 });
      await delivery.complete(resultOf(delivery.chunk));
      expect(await worker.receive({ max: 10, waitMs: 200, signal: never })).toEqual([]);
      const ledger = await readLedger(() => worker.records(), 'run-1');
      expect(ledger.covered.intervals()).toEqual([{ start: 10, end: 19 }]);
      expect(ledger.dead().intervals()).toEqual([
        { start: 0, end: 9 },
        { start: 20, end: 29 },
      ]);
      expect(await readResults(worker)).toHaveLength(1);
    });

    it('may die again after a replay, and count once', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, { ...planRecord(), ...plan(1) });
      await bury(worker, 1);
      const [letter] = await list(worker, 1);
      await worker.replay([letter!.id]);
      await (await receiveOne(worker)).deadLetter(new ChunkError('cursed again', { retryable: false }), 'w2');
      expect(await list(worker, 1)).toMatchObject([{ error: 'cursed again', workerId: 'w2' }]);
      const ledger = await readLedger(() => worker.records(), 'run-1');
      expect(ledger.deadRecords()).toMatchObject([{ error: 'cursed again' }]);
      expect(ledger.dead().count).toBe(10);
    });

    it('are dropped, those that are named, and stay dead in the log', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await bury(worker, 3);
      const letters = await list(worker, 3);
      const named = letters.slice(0, 2).map(({ id }) => id);
      expect((await worker.drop([...named, 'unknown'])).toSorted()).toEqual(named.toSorted());
      expect(await worker.drop(named)).toEqual([]);
      expect(await list(worker, 1)).toEqual([letters[2]]);
      expect((await readLedger(() => worker.records(), 'run-1')).dead().count).toBe(30);
    });

    it('that are no chunks are listed with reason and bytes, not replayed, and can be dropped', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await (await bench.raw()).putTask(GARBAGE);
      await bury(worker, 1);
      const letters = await list(worker, 2);
      const garbage = letters.find(({ chunk }) => chunk === undefined);
      if (!garbage || garbage.chunk) throw new Error('no undecodable entry');
      expect(garbage.raw.includes(GARBAGE)).toBe(true);
      expect(garbage.error).toMatch(/./);
      expect(deadLetterWire(garbage)).toMatchObject({ raw_base64: garbage.raw.toString('base64') });
      expect(await worker.replay([garbage.id])).toEqual([]);
      expect(await worker.drop([garbage.id])).toEqual([garbage.id]);
      expect((await list(worker, 1))[0]?.chunk).toBeDefined();
    });
  });
}

/** Publishes so many chunks and dead-letters them all. */
async function bury(worker: Worker, count: number): Promise<void> {
  await publish(worker, count);
  for (const delivery of await receive(worker, count))
    await delivery.deadLetter(new ChunkError('cursed', { retryable: false }), 'w1');
}

/** As soon as there are so many: RabbitMQ gives back what another reader held a moment after that reader's end. */
async function list(worker: Worker, count: number): Promise<DeadLetter[]> {
  return eventually(
    async () => {
      const letters = await readDeadLetters(worker);
      return letters.length === count && letters;
    },
    10_000,
    `${count} dead letters`,
  );
}
