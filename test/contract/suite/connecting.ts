import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/runtime/errors.js';
import { chunks, never, publish, readLog, receive } from '../../support/bench.js';
import { within } from '../../support/wait.js';
import type { Harness } from './harness.js';

export function describeConnecting(h: Harness): void {
  describe('connecting', () => {
    // Who may open the socket of the embedded broker is a matter of file modes: see embedded-coordinator.test.ts.
    it.skipIf(h.backend === 'embedded')(
      'refuses a wrong password as a ConfigError, at once and not at the deadline',
      async () => {
        await using bench = h.bench();
        const wrong = { REDIS_PASSWORD: 'wrong', RABBITMQ_PASSWORD: 'wrong' };
        const attempt = within(bench.connectOnly('w1', wrong), 10_000, 'refusing a wrong password');
        await expect(attempt).rejects.toThrow(ConfigError);
      },
    );

    it('gives up when the broker does not answer within CONNECT_TIMEOUT_SECONDS, and says where it looked', async () => {
      await using bench = h.bench();
      const { env, named } = h.nowhere;
      const attempt = within(bench.connectOnly('w1', { ...env, CONNECT_TIMEOUT_SECONDS: '1' }), 10_000, 'giving up');
      await expect(attempt).rejects.toThrow(named);
    });

    it('prepares twice, and from several connections at once, without harm to what is stored', async () => {
      await using bench = h.bench();
      const workers = await Promise.all(['a', 'b', 'c'].map((name) => bench.connectOnly(name)));
      await Promise.all(workers.map((worker) => worker.prepare()));
      const [first] = workers;
      await publish(first!, 3);
      await Promise.all(workers.map((worker) => worker.prepare()));
      const deliveries = await receive(first!, 3);
      expect(deliveries.map(({ chunk }) => chunk)).toEqual(chunks(3));
    });

    it('ends the wait of receive within a second of its abort', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const stop = new AbortController();
      const waiting = worker.receive({ max: 1, waitMs: 60_000, signal: stop.signal });
      await worker.depth();
      stop.abort();
      expect(await within(waiting, 1000, 'ending the wait')).toEqual([]);
    });

    it('only looks when it may not wait', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const look = worker.receive({ max: 1, waitMs: 0, signal: never });
      expect(await within(look, 2000, 'looking')).toEqual([]);
    });

    it('is disposed while receive waits, and the wait ends', async () => {
      await using bench = h.bench();
      const worker = await bench.worker();
      const waiting = worker.receive({ max: 1, waitMs: 60_000, signal: never });
      const ended = waiting.then(
        () => 'ended',
        () => 'ended',
      );
      await worker.depth();
      await within(worker[Symbol.asyncDispose](), 5000, 'disposing');
      expect(await within(ended, 5000, 'ending the wait')).toBe('ended');
    });

    it('tells the memory that it uses, and what a chunk costs', async () => {
      await using bench = h.bench();
      const capacity = await (await bench.worker()).capacity();
      expect(capacity.memoryPerChunk).toBeGreaterThan(0);
      expect(capacity.diskPerChunk).toBeGreaterThan(0);
      if (capacity.memoryUsed !== undefined) expect(capacity.memoryUsed).toBeGreaterThan(0);
    });

    it('has an empty log before anything is prepared, and after', async () => {
      await using bench = h.bench();
      const worker = await bench.connectOnly();
      expect(await readLog(worker)).toEqual([]);
      await worker.prepare();
      expect(await readLog(worker)).toEqual([]);
    });
  });
}
