import { describe, expect, it } from 'vitest';
import type { LogEntry, SeededRecord } from '../../../core/wire/records.js';
import {
  CREATED_AT,
  planRecord,
  publish,
  readLog,
  readRecords,
  reachesDepth,
  receive,
  resultOf,
} from '../../support/bench.js';
import { ChunkError } from '../../../core/runtime/errors.js';
import { eventually, within } from '../../support/wait.js';
import { append } from '../../support/worker.js';
import type { Harness } from './harness.js';

const seeded: SeededRecord = {
  kind: 'seeded',
  runId: 'run-1',
  start: 0,
  end: 99,
  chunks: 10,
  reason: 'initial',
  firstConfirmedAt: CREATED_AT,
  confirmedAt: CREATED_AT,
};

export function describeReading(h: Harness): void {
  describe('reading', () => {
    it('reads the whole log from its start, for anyone and any number of times', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, planRecord());
      await publish(worker, 600);
      await append(worker, seeded);
      for (let left = 600; left > 0; left -= 100) {
        const deliveries = await receive(worker, 100);
        await Promise.all(deliveries.map((delivery) => delivery.complete(resultOf(delivery.chunk))));
      }
      const reader = await bench.worker('reader');
      const first = await readLog(reader);
      expect(first).toHaveLength(602);
      expect(first.slice(0, 2)).toMatchObject([{ record: planRecord() }, { record: seeded }]);
      expect(new Set(first.map(({ position }) => position)).size).toBe(602);
      expect(await readLog(reader)).toEqual(first);
      expect(await readRecords(worker)).toHaveLength(602);
    });

    it('reads for two at once without disturbing either', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      for (let i = 0; i < 20; i++) await append(worker, planRecord(`run-${i}`));
      const [one, two] = await Promise.all([readLog(worker), readLog(worker)]);
      expect(one).toHaveLength(20);
      expect(two).toEqual(one);
    });

    it('follows the log to records that come later, and ends when told to', async () => {
      await using bench = h.bench();
      const reader = await bench.worker('reader');
      const writer = await bench.worker('writer');
      const stop = new AbortController();
      const seen: LogEntry[] = [];
      await append(writer, planRecord('run-1'));
      const following = (async () => {
        for await (const entry of reader.records({ follow: stop.signal })) seen.push(entry);
      })();
      await eventually(() => seen.length === 1, 10_000, 'the record that was there');
      await append(writer, planRecord('run-2'));
      await eventually(() => seen.length === 2, 10_000, 'the record that came later');
      stop.abort();
      await within(following, 3000, 'the end after the abort');
      expect(seen).toMatchObject([{ record: { runId: 'run-1' } }, { record: { runId: 'run-2' } }]);
    });

    it('follows a log that does not exist yet', async () => {
      await using bench = h.bench();
      const reader = await bench.connectOnly('reader');
      const stop = new AbortController();
      const seen: LogEntry[] = [];
      const following = (async () => {
        for await (const entry of reader.records({ follow: stop.signal })) seen.push(entry);
      })();
      const writer = await bench.worker('writer');
      await append(writer, planRecord());
      await eventually(() => seen.length === 1, 15_000, 'the first record');
      stop.abort();
      await within(following, 3000, 'the end after the abort');
    });

    it('stops reading when its reader does, and can read again', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      for (let i = 0; i < 5; i++) await append(worker, planRecord(`run-${i}`));
      for await (const entry of worker.records()) {
        expect(entry).toMatchObject({ record: { runId: 'run-0' } });
        break;
      }
      expect(await readLog(worker)).toHaveLength(5);
    });

    it('shows what it cannot decode with the reason, and reads on', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, planRecord('run-1'));
      await (await bench.raw()).putRecord(Buffer.from([0xff, 0x00, 0xfe]));
      await append(worker, planRecord('run-2'));
      expect(await readLog(worker)).toMatchObject([
        { record: { runId: 'run-1' } },
        { undecodable: expect.stringMatching(/./) as string },
        { record: { runId: 'run-2' } },
      ]);
    });

    it('counts what is ready, leased, delayed and dead', async () => {
      await using bench = h.bench({ retryMs: 15_000 });
      const worker = await bench.worker();
      await publish(worker, 10);
      await reachesDepth(worker, { ready: 10, leased: 0, delayed: 0, dead: 0, stale: 0 });
      const [a, b, c, d] = await receive(worker, 4);
      await reachesDepth(worker, { ready: 6, leased: 4, delayed: 0, dead: 0, stale: 0 });
      await a!.complete(resultOf(a!.chunk));
      await b!.retry(new ChunkError('boom', { retryable: true }));
      await c!.deadLetter(new ChunkError('boom', { retryable: false }), 'w1');
      await reachesDepth(worker, { ready: 6, leased: 1, delayed: 1, dead: 1, stale: 0 });
      await d!.release();
      await reachesDepth(worker, { ready: 7, leased: 0, delayed: 1, dead: 1, stale: 0 });
    });

    // RabbitMQ's trigger counts ready and unacknowledged messages of a queue that holds nothing else; there is no
    // second number.
    if (h.backend === 'rabbitmq') return;

    it('counts the workers that hold chunks', async () => {
      await using bench = h.bench({ retryMs: 15_000 });
      const worker = await bench.worker('one');
      await publish(worker, 6);
      await reachesDepth(worker, { leased: 0, holders: 0 });
      const [a, b] = await receive(worker, 3);
      await receive(await bench.worker('two'), 1);
      await reachesDepth(worker, { leased: 4, holders: 2 });
      await a!.retry(new ChunkError('boom', { retryable: true }));
      await b!.release();
      await reachesDepth(worker, { leased: 2, holders: 2 });
    });

    it('counts with XLEN what it counts itself, at every stage: it is what the trigger reads', async () => {
      await using bench = h.bench({ retryMs: 15_000 });
      const worker = await bench.worker();
      const raw = await bench.raw();
      const agrees = async (length: number) => {
        const { ready, leased, delayed } = await worker.depth();
        expect([await raw.queueLength(), ready + leased + delayed]).toEqual([length, length]);
      };
      await agrees(0);
      await publish(worker, 10);
      await agrees(10);
      const [a, b, c, d] = await receive(worker, 4);
      await agrees(10);
      await a!.complete(resultOf(a!.chunk));
      await agrees(9);
      await b!.retry(new ChunkError('boom', { retryable: true }));
      await agrees(9);
      await c!.deadLetter(new ChunkError('boom', { retryable: false }), 'w1');
      await agrees(8);
      await d!.release();
      await agrees(8);
    });
  });
}
