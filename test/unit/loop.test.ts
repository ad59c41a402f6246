/** The worker's loop: what it holds, what it gives back, when it leaves. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { ExecuteOptions, Executor } from '../../compute/executor.js';
import type { Chunk } from '../../core/model/chunk.js';
import { delay } from '../../core/runtime/backoff.js';
import { consume } from '../../worker/loop.js';
import { deliveryOf, FakeBroker } from '../support/fake-broker.js';
import { eventually, holds } from '../support/wait.js';
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

  it('receives nothing while what it asked for ahead of a slow batch is still to come and go back', async () => {
    const broker = new FakeBroker(queued(100));
    const receive = broker.receive.bind(broker);
    let asked = 0;
    let open = 0;
    let mostOpen = 0;
    let come: (() => void) | undefined;
    broker.receive = async (options) => {
      mostOpen = Math.max(mostOpen, ++open);
      // The third one reads ahead of the second batch.
      if (++asked === 3) await new Promise<void>((resolve) => (come = resolve));
      open--;
      return await receive(options);
    };
    let batches = 0;
    const body: Body = async (chunks, options) => {
      if (++batches === 2) await delay(1200);
      await completes(chunks, options);
    };
    const { left } = run(broker, body, { RECEIVE_MAX: '30' });
    await eventually(() => broker.batches.length === 2, 10_000, 'the slow batch settled');
    await holds(() => asked === 3, 200, 'no further receive');
    come?.();
    expect(await left).toBe('drained');
    expect(mostOpen).toBe(1);
    expect(broker.settled.filter(({ verb }) => verb === 'release')).not.toEqual([]);
  });
});

const untilAborted: Body = (_, { signal }) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
