import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../../core/model/chunk.js';
import { chunksOf } from '../../../core/model/plan.js';
import { ChunkError } from '../../../core/runtime/errors.js';
import {
  CREATED_AT,
  never,
  plan,
  planRecord,
  publish,
  reachesDepth,
  readRecords,
  receive,
  receiveOne,
  resultOf,
} from '../../support/bench.js';
import { eventually } from '../../support/wait.js';
import { append, seeding, type Worker } from '../../support/worker.js';
import type { Harness } from './harness.js';

const fatal = new ChunkError('cursed', { retryable: false });

export function describeHalting(h: Harness): void {
  describe('halting', () => {
    it('is recorded once, told to others, and ended by resuming, once', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const other = await bench.worker('other');
      // An observer from the start must learn of it too, not only one that asks afterwards.
      expect((await other.runStates()).get('run-1')?.halted).toBeUndefined();
      const error = 'program f cannot start: it is not in PATH';
      await worker.halt('run-1', 'failures', error);
      expect((await worker.runStates()).get('run-1')?.halted).toBe('failures');
      await worker.halt('run-1', 'failures');
      await becomes(other, 'run-1', 'failures');
      expect(await other.resume('run-1')).toBe(0);
      expect((await other.runStates()).get('run-1')?.halted).toBeUndefined();
      await becomes(worker, 'run-1', undefined);
      expect(await worker.resume('run-1')).toBe(0);
      const at = expect.stringMatching(/^20.*Z$/) as string;
      expect(await readRecords(worker)).toEqual([
        { kind: 'halted', runId: 'run-1', reason: 'failures', error, haltedAt: at },
        { kind: 'resumed', runId: 'run-1', resumedAt: at },
      ]);
    });

    it('may change its reason, which is recorded too', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await worker.halt('run-1', 'failures');
      await worker.halt('run-1', 'cancelled');
      expect((await worker.runStates()).get('run-1')?.halted).toBe('cancelled');
      expect(await readRecords(worker)).toMatchObject([{ reason: 'failures' }, { reason: 'cancelled' }]);
    });

    it('is of one run, and is known to a worker that comes later', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await append(worker, planRecord('run-1'), planRecord('run-2'));
      await worker.halt('run-2', 'cancelled');
      const late = await bench.worker('late');
      const states = await late.runStates();
      expect(states.get('run-2')?.halted).toBe('cancelled');
      expect(states.get('run-1')).toEqual({ maxDead: plan(10).maxDead, dead: 0, halted: undefined });
    });

    it('keeps parked chunks out of the queue until their run is resumed, and then gives them all their attempts', async () => {
      await using bench = h.bench({ retryMs: 0 });
      const worker = await bench.worker();
      const published = await publish(worker, 3);
      await (await receiveOne(worker)).retry(new ChunkError('boom', { retryable: true }));
      await worker.halt('run-1', 'failures');
      // Not all at once: what was started before may be delivered only to a worker that holds nothing else.
      for (let parked = 0; parked < 3;) {
        const deliveries = await worker.receive({ max: 3, waitMs: 1000, signal: AbortSignal.timeout(20_000) });
        const answers = await worker.settle(deliveries.map((delivery) => ({ delivery, verb: 'park' as const })));
        expect(answers).toEqual(deliveries.map(() => undefined));
        parked += deliveries.length;
      }
      await reachesDepth(worker, { unfinished: 0, delayed: 0, dead: 0, parked: 3 });
      expect(await worker.receive({ max: 10, waitMs: 300, signal: never })).toEqual([]);
      expect(await worker.resume('run-1')).toBe(3);
      await reachesDepth(worker, { unfinished: 3, parked: 0 });
      const again = await receive(worker, 3);
      expect(again.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(again.map(({ chunk }) => chunk).toSorted(byStart)).toEqual(published);
      for (const delivery of again) await delivery.complete(resultOf(delivery.chunk));
      expect(await worker.resume('run-1')).toBe(0);
      await reachesDepth(worker, { unfinished: 0, parked: 0 });
    });

    it('brings back the chunks of the run that is resumed and no others', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await seeding(worker, async (held) => {
        await held.publish([...chunksOf(plan(2), CREATED_AT), ...chunksOf(plan(2, 10, 'run-2'), CREATED_AT)]);
      });
      for (const run of ['run-1', 'run-2']) await worker.halt(run, 'failures');
      for (const delivery of await receive(worker, 4)) await delivery.park();
      await reachesDepth(worker, { unfinished: 0, parked: 4 });
      expect(await worker.resume('run-2')).toBe(2);
      const back = await receive(worker, 2);
      expect(back.map(({ chunk }) => chunk.runId)).toEqual(['run-2', 'run-2']);
      await reachesDepth(worker, { parked: 2 });
    });

    it('loses no chunk that a worker parks because it has not heard yet that its run goes on', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 1);
      const delivery = await receiveOne(worker);
      await worker.halt('run-1', 'failures');
      expect(await worker.resume('run-1')).toBe(0);
      await delivery.park();
      // Where the broker cannot tell in the same step that the run goes on, resuming once more brings the chunk back.
      await worker.resume('run-1');
      expect(await receiveOne(worker)).toMatchObject({ chunk: delivery.chunk, attempt: 1 });
    });

    it('of a cancelled run drops its chunks without a trace of theirs', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      await publish(worker, 2);
      await worker.halt('run-1', 'cancelled');
      const deliveries = await receive(worker, 2);
      const answers = await worker.settle(deliveries.map((delivery) => ({ delivery, verb: 'discard' as const })));
      expect(answers).toEqual([undefined, undefined]);
      await reachesDepth(worker, { unfinished: 0, delayed: 0, dead: 0, parked: 0 });
      expect((await readRecords(worker)).map(({ kind }) => kind)).toEqual(['halted']);
      expect(await worker.resume('run-1')).toBe(0);
      await expect(deliveries[0]!.release()).rejects.toThrow('settled');
    });

    it('shows the seeder parked chunks as queued, where the queue can be listed', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const published = await publish(worker, 3);
      await worker.halt('run-1', 'failures');
      await (await receiveOne(worker)).park();
      await reachesDepth(worker, { unfinished: 2, parked: 1 });
      await seeding(worker, async (held) => {
        const queued = held.queued();
        expect(queued !== undefined).toBe(worker.traits.listsQueue);
        const listed: Chunk[] = [];
        for await (const chunk of queued ?? []) listed.push(chunk);
        if (queued) expect(listed.toSorted(byStart)).toEqual(published);
      });
    });
  });

  describe('a failure budget', () => {
    it('is that of the newest plan', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      expect((await worker.runStates()).get('run-1')?.maxDead).toBeUndefined();
      await append(worker, { ...planRecord(), maxDead: 5 });
      await becomesBudget(worker, 5);
      await append(worker, { ...planRecord(), maxDead: 0 });
      await becomesBudget(worker, 0);
      await becomesBudget(await bench.worker('late'), 0);
    });

    it('is used up by parameters that die, gets back those that are replayed, and not those that are dropped', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const other = await bench.worker('other');
      await append(worker, planRecord());
      await publish(worker, 3);
      const deliveries = await receive(worker, 3);
      expect((await worker.runStates()).get('run-1')?.dead).toBe(0);
      for (const delivery of deliveries) await delivery.deadLetter(fatal, 'w1');
      expect((await worker.runStates()).get('run-1')?.dead).toBe(30);
      await becomesDead(other, 30);
      const ids = await letterIds(worker, 3);
      expect(await worker.replay([ids[0]!])).toEqual([ids[0]]);
      await becomesDead(worker, 20);
      await becomesDead(other, 20);
      expect(await worker.drop([ids[1]!])).toEqual([ids[1]]);
      await (await receiveOne(worker)).deadLetter(fatal, 'w1');
      await becomesDead(worker, 30);
      await becomesDead(await bench.worker('late'), 30);
    });
  });
}

const byStart = (a: Chunk, b: Chunk): number => a.start - b.start;

/** RabbitMQ tells other workers by a message. */
function becomes(worker: Worker, runId: string, halted: 'cancelled' | 'failures' | undefined): Promise<unknown> {
  const is = async () => (await worker.runStates()).get(runId)?.halted === halted;
  return eventually(is, 10_000, `run ${runId} ${halted ?? 'going on'} in the eyes of this worker`);
}

function becomesDead(worker: Worker, dead: number): Promise<unknown> {
  const is = async () => (await worker.runStates()).get('run-1')?.dead === dead;
  return eventually(is, 10_000, `${dead} dead parameters in the eyes of this worker`);
}

function becomesBudget(worker: Worker, maxDead: number): Promise<unknown> {
  const is = async () => (await worker.runStates()).get('run-1')?.maxDead === maxDead;
  return eventually(is, 10_000, `a budget of ${maxDead}`);
}

async function letterIds(worker: Worker, count: number): Promise<string[]> {
  const all = async () => {
    const ids: string[] = [];
    for await (const { id } of worker.deadLetters()) ids.push(id);
    return ids.length === count && ids;
  };
  return eventually(all, 10_000, `${count} dead letters`);
}
