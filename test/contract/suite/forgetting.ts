import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../../core/model/plan.js';
import { ChunkError } from '../../../core/runtime/errors.js';
import type { ResultRecord } from '../../../core/wire/records.js';
import {
  CREATED_AT,
  never,
  plan,
  planRecord,
  publish,
  reachesDepth,
  readDeadLetters,
  readRecords,
  readResults,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { append, seeding, type Worker } from '../../support/worker.js';
import type { Harness } from './harness.js';

const fatal = new ChunkError('cursed', { retryable: false });

/** Of each run: a result, a dead letter, a parked chunk, and the plan. */
async function leave(worker: Worker, runId: string): Promise<void> {
  await append(worker, planRecord(runId));
  await seeding(worker, (held) => held.publish([...chunksOf(plan(3, 10, runId), CREATED_AT)]));
  const [first, second, third] = await receive(worker, 3);
  await first?.complete(resultOf(first.chunk));
  await second?.deadLetter(fatal, 'w1');
  await worker.halt(runId, 'failures');
  await third?.park();
}

export function describeForgetting(h: Harness): void {
  describe('forgetting', () => {
    it('takes away what is stored of a run and nothing of another one', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await leave(worker, 'run-1');
      await leave(worker, 'run-2');
      await reachesDepth(worker, { unfinished: 0, dead: 2, parked: 2 });
      const whole = worker.traits.deletesRecords;
      await worker.halt('run-1', 'cancelled');
      const forgotten = await seeding(worker, (held) => held.forget('run-1'));
      // Plan, result, dead record, and two of its halts.
      expect(forgotten).toEqual({ queued: 0, parked: 1, deadLetters: 1, records: whole ? 5 : 0 });
      await reachesDepth(worker, { unfinished: 0, dead: 1, parked: 1 });
      expect((await readDeadLetters(worker)).map(({ chunk }) => chunk?.runId)).toEqual(['run-2']);
      const left = (await readRecords(worker)).filter(({ runId }) => runId === 'run-1');
      expect(left.length > 0).toBe(!whole);
      expect((await readRecords(worker)).filter(({ runId }) => runId === 'run-2')).toHaveLength(4);
      const states = await worker.runStates();
      // The state says what the log says.
      expect(states.get('run-1')?.halted).toBe(whole ? undefined : 'cancelled');
      expect(states.has('run-1')).toBe(!whole);
      expect(states.get('run-2')).toMatchObject({ halted: 'failures', dead: 10 });
      expect(await worker.resume('run-2')).toBe(1);
    });

    it('is safe to repeat, and lets the same parameters be computed and recorded anew where nothing stays', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      if (!worker.traits.deletesRecords) return;
      await publish(worker, 2);
      for (const delivery of await receive(worker, 2)) await delivery.complete(resultOf(delivery.chunk));
      expect(await seeding(worker, (held) => held.forget('run-1'))).toMatchObject({ records: 2 });
      expect(await seeding(worker, (held) => held.forget('run-1'))).toMatchObject({ records: 0 });
      await publish(worker, 2);
      for (const delivery of await receive(worker, 2)) await delivery.complete(resultOf(delivery.chunk));
      expect(await readResults(worker)).toHaveLength(2);
    });

    it('ends the leases of its chunks, where the queue is listed: what their worker settles then leaves no trace', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      if (!worker.traits.listsQueue) return;
      await publish(worker, 2);
      const delivery = await receiveOne(worker);
      const other = await bench.worker('other');
      expect(await seeding(other, (held) => held.forget('run-1'))).toMatchObject({ queued: 2 });
      await expect(delivery.complete(resultOf(delivery.chunk))).rejects.toThrow('lease');
      await reachesDepth(worker, { unfinished: 0 });
      expect(await readRecords(worker)).toEqual([]);
    });
  });

  describe('adopting', () => {
    it('makes results of another run durable in the order in which they are given', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const adopted = [...chunksOf(plan(300), CREATED_AT)].map((chunk): ResultRecord => ({
        kind: 'result',
        runId: chunk.runId,
        chunkId: chunk.chunkId,
        start: chunk.start,
        end: chunk.end,
        attempt: 1,
        ...resultOf(chunk, 'reused:run-0'),
      }));
      await seeding(worker, (held) => held.adopt(adopted));
      expect(await readResults(worker)).toEqual(adopted);
      expect(await worker.receive({ max: 1, waitMs: 200, signal: never })).toEqual([]);
    });
  });
}
