/** The worker's loop: what it holds, what it gives back, when it leaves. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { ExecuteOptions, Executor } from '../../compute/executor.js';
import type { Chunk } from '../../core/model/chunk.js';
import { consume } from '../../worker/loop.js';
import { deliveryOf, FakeBroker } from '../support/fake-broker.js';
import { eventually } from '../support/wait.js';
import { configOf, resultRecord } from './support.js';

const log = pino({ level: 'silent' });
type Body = (chunks: readonly Chunk[], options: ExecuteOptions) => Promise<void>;

/** Gives each chunk its result, unless the test does otherwise. */
const completes: Body = async (chunks, { settled }) =>
  settled(chunks.map((chunk, index) => ({ index, computed: resultRecord(chunk.start, chunk.end) })));

function run(broker: FakeBroker, body: Body = completes, env: Record<string, string> = {}) {
  const stop = new AbortController();
  const giveUp = new AbortController();
  const executor: Executor = {
    warmUp: () => undefined,
    execute: body,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const config = configOf({ QUEUE_MODE: 'true', STALE_THRESHOLD_MS: '600', RETRY_DELAY_MS: '100', ...env });
  const options = { broker: broker.port, executor, config, log, stop: stop.signal, giveUp: giveUp.signal };
  return { left: consume(options), stop: () => stop.abort(), giveUp: () => giveUp.abort() };
}

const queued = (count: number) => Array.from({ length: count }, (_, i) => deliveryOf(10 * i, 10 * i + 9));

describe("a worker's loop", () => {
  it('completes all chunks, and leaves when the queue is drained', async () => {
    const broker = new FakeBroker(queued(100));
    expect(await run(broker).left).toBe('drained');
    expect(broker.settled.filter(({ verb }) => verb === 'complete')).toHaveLength(100);
  });

  it.each([1, 2, 50])('holds at most RECEIVE_MAX=%i chunks, read ahead and settling included', async (most) => {
    const broker = new FakeBroker(queued(400));
    await run(broker, completes, { RECEIVE_MAX: String(most) }).left;
    expect(broker.mostHeld).toBeLessThanOrEqual(most);
    expect(broker.settled.filter(({ verb }) => verb === 'complete')).toHaveLength(400);
  });

  it('reads fast chunks ahead while a batch computes', async () => {
    const broker = new FakeBroker(queued(400));
    await run(broker).left;
    expect(Math.max(...broker.batches.map((batch) => batch.length))).toBeGreaterThan(10);
  });

  it('gives back what it read ahead when a batch turns out to be slow', async () => {
    const broker = new FakeBroker(queued(300));
    let slow: (() => void) | undefined;
    let batches = 0;
    const body: Body = async (chunks, options) => {
      if (++batches === 4) await new Promise<void>((resolve) => (slow = resolve));
      await completes(chunks, options);
    };
    const { left } = run(broker, body, { RECEIVE_MAX: '60' });
    await eventually(() => broker.settled.some(({ verb }) => verb === 'release'), 10_000, 'chunks that go back');
    slow?.();
    await left;
  });

  it('finishes what it holds when it is asked to stop, and receives nothing more', async () => {
    const broker = new FakeBroker(queued(5));
    let begun: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => (begun = resolve));
    let go: (() => void) | undefined;
    const body: Body = async (chunks, options) => {
      begun?.();
      await new Promise<void>((resolve) => (go = resolve));
      await completes(chunks, options);
    };
    const { left, stop } = run(broker, body);
    await waiting;
    stop();
    go?.();
    expect(await left).toBe('asked to stop');
    expect(broker.settled).toEqual([{ verb: 'complete', start: 0, end: 9 }]);
    expect(broker.queue).toHaveLength(4);
  });

  it('releases what is not finished when the grace period is over', async () => {
    const broker = new FakeBroker(queued(1));
    const { left, stop, giveUp } = run(broker, untilAborted);
    await eventually(() => broker.queue.length === 0, 5000, 'the chunk received');
    stop();
    giveUp();
    await left;
    expect(broker.settled).toEqual([{ verb: 'release', start: 0, end: 9 }]);
  });

  it('drops the chunk that it computes within a heartbeat when its run is cancelled, and goes on with other runs', async () => {
    const broker = new FakeBroker([deliveryOf(0, 9), deliveryOf(0, 9, 1, { runId: 'other' })]);
    const body: Body = (chunks, options) =>
      chunks[0]?.runId === 'other' ? completes(chunks, options) : untilAborted(chunks, options);
    const { left } = run(broker, body);
    await eventually(() => broker.queue.length === 1, 5000, 'the first chunk received');
    await broker.halt('run-1', 'cancelled');
    expect(await left).toBe('drained');
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['discard', 'complete']);
  });

  it('leaves where it does not have the computation', async () => {
    const broker = new FakeBroker(queued(3));
    const body: Body = async (chunks, { settled }) =>
      settled(
        chunks.map((_, index) => ({
          index,
          failure: { message: 'no such file', stack: '', blame: 'worker', retryable: true },
        })),
      );
    expect(await run(broker, body).left).toMatch(/does not have computation/);
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['retry']);
  });

  it('ends with an error when it cannot settle', async () => {
    const broker = new FakeBroker(queued(1));
    broker.settle = () => Promise.reject(new Error('the broker is away'));
    await expect(run(broker).left).rejects.toThrow(/could not settle .*the broker is away.* lapse/);
  });

  it('holds no more than RECEIVE_MAX while what it read ahead is on its way back', async () => {
    const broker = new FakeBroker(queued(300));
    const most = 30;
    let batches = 0;
    let slow: (() => void) | undefined;
    let back: (() => void) | undefined;
    const settle = broker.settle.bind(broker);
    broker.settle = async (settlements) => {
      if (settlements[0]?.verb === 'release' && !back) await new Promise<void>((resolve) => (back = resolve));
      return await settle(settlements);
    };
    const body: Body = async (chunks, options) => {
      if (++batches === 5) await new Promise<void>((resolve) => (slow = resolve));
      await completes(chunks, options);
    };
    const { left } = run(broker, body, { RECEIVE_MAX: String(most) });
    await eventually(() => back !== undefined, 10_000, 'chunks on their way back');
    const waiting = broker.queue.length;
    slow?.();
    await eventually(
      () => broker.settled.filter(({ verb }) => verb === 'complete').length > 20,
      5000,
      'the slow batch',
    );
    expect(broker.queue).toHaveLength(waiting);
    back?.();
    await left;
    expect(broker.mostHeld).toBeLessThanOrEqual(most);
  });
});

const untilAborted: Body = (_, { signal }) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
