/**
 * Seeding is safe to repeat: it resumes, repairs and extends runs, finishes what a replaced seeder began, refuses the
 * rest; and `ttg verify --repair`.
 */
import { Redis } from 'ioredis';
import { describe, expect, inject, it } from 'vitest';
import type { Broker, Seeding } from '../../core/broker/port.js';
import { readLedger } from '../../core/ledger/ledger.js';
import { repair } from '../../seeder/repair.js';
import { Bench, never, readResults } from '../support/bench.js';
import { startTestBroker } from '../support/provider.js';
import { fleetEnv, ttg } from '../support/fleet.js';
import { log, seedRun, verdictOf, work } from '../support/seeded.js';
import type { Worker } from '../support/worker.js';

/** Lets `after` chunks be confirmed, then stops the seeder: what a SIGTERM in the middle of publishing does. */
function stoppedAfter(broker: Worker, after: number): { broker: Broker; stop: AbortSignal } {
  const stop = new AbortController();
  const watched = (held: Seeding): Seeding => ({
    queued: () => held.queued(),
    append: (record) => held.append(record),
    adopt: (records) => held.adopt(records),
    forget: (runId) => held.forget(runId),
    publish: (chunks, confirmed) =>
      held.publish(
        until(chunks, after, () => stop.abort()),
        confirmed,
      ),
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  });
  const cut = new Proxy(broker, {
    get: (target, name) => {
      if (name === 'seeding') return async () => watched(await target.seeding());
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { broker: cut, stop: stop.signal };
}

function* until<T>(items: Iterable<T>, count: number, reached: () => void): Generator<T> {
  let n = 0;
  for (const item of items) {
    if (n++ === count) reached();
    yield item;
  }
}

for (const backend of ['redis', 'rabbitmq', 'embedded'] as const) {
  // Side by side: each has its own queue, and RabbitMQ's empty ones are watched for a while.
  describe.concurrent(`seeding over ${backend}`, () => {
    const local = inject(backend);

    it('publishes a run once, however often it is seeded', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      expect(await seedRun(bench, broker, {})).toBe(100);
      expect(await seedRun(bench, broker, {}), 'while all is queued').toBe(0);
      await work(broker, 40);
      expect(await seedRun(bench, broker, {}), 'while some is queued').toBe(0);
      await work(broker, 60);
      expect(await seedRun(bench, broker, {}), 'when all is done').toBe(0);
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 100, deduplicated: 0 });
    });

    it('goes on where a seeder was stopped in the middle', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const cut = stoppedAfter(broker, 37);
      const first = await seedRun(bench, cut.broker, {}, cut.stop);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(100);
      expect(await seedRun(bench, broker, {})).toBe(100 - first);
      await work(broker, 100);
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 100 });
    });

    it('finishes the run of a seeder that an upgrade to another run replaced in the middle', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const cut = stoppedAfter(broker, 37);
      await seedRun(bench, cut.broker, {}, cut.stop);
      await seedRun(bench, broker, { RUN_ID: 'run-2', TOTAL_PARAMETERS: '500' });
      await work(broker, 150);
      expect(await verdictOf(broker, 'run-1')).toMatchObject({ outcome: 'complete', parameters: { ok: 1000 } });
      expect(await verdictOf(broker, 'run-2')).toMatchObject({ outcome: 'complete', parameters: { ok: 500 } });
    });

    it('extends a run to a larger total without computing the old one again', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '995' });
      await work(broker, 100);
      // The last chunk was 5 parameters short: the rest of its grid cell becomes a piece of its own.
      expect(await seedRun(bench, broker, { TOTAL_PARAMETERS: '1500' })).toBe(51);
      await work(broker, 51);
      expect(await verdictOf(broker)).toMatchObject({
        outcome: 'complete',
        parameters: { expected: 1500, ok: 1500 },
        deduplicated: 0,
      });
    });

    it('publishes again what the queue lost', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, {});
      await work(broker, 30);
      await (await bench.raw()).loseQueue();
      await broker.prepare();
      expect((await verdictOf(broker)).parameters.missing).toBe(700);
      expect(await seedRun(bench, broker, {})).toBe(70);
      await work(broker, 70);
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 100 });
      expect(await readResults(broker)).toHaveLength(100);
    });

    it('repairs a run by the plan in its log, from an environment that knows another, and goes on to the verdict', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, {});
      await work(broker, 30);
      await (await bench.raw()).loseQueue();
      const env = fleetEnv(local, { ...bench.env('operator'), TOTAL_PARAMETERS: '7', CHUNK_SIZE: '3' });
      const repaired = await ttg(env, 'verify', '--repair', '--json');
      expect(repaired.stderr).toContain('70 chunks published');
      expect(repaired.status, 'incomplete as yet').toBe(1);
      expect(JSON.parse(repaired.stdout)).toMatchObject({ parameters: { expected: 1000, missing: 700 } });
      await work(broker, 70);
      expect(await repair({ broker, runId: 'run-1', force: false, log, stop: never })).toEqual({
        published: 0,
        refused: undefined,
      });
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 100, deduplicated: 0 });
    });

    it('repairs what a seeder did not come to', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const cut = stoppedAfter(broker, 37);
      const first = await seedRun(bench, cut.broker, {}, cut.stop);
      expect((await repair({ broker, runId: 'run-1', force: false, log, stop: never })).published).toBe(100 - first);
      await work(broker, 100);
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 100 });
    });

    it('repairs nothing while all is queued; forced where nobody can list the queue, it counts each parameter once all the same', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, {});
      const cautious = await repair({ broker, runId: 'run-1', force: false, log, stop: never });
      expect(cautious.published).toBe(0);
      if (backend === 'rabbitmq')
        expect(cautious.refused).toMatch(
          /^100 chunks are ready, 0 held by workers and 0 delayed, and the broker cannot say which ones: wait until .* or give --force/,
        );
      else expect(cautious.refused).toBeUndefined();
      const forced = await repair({ broker, runId: 'run-1', force: true, log, stop: never });
      const twice = backend === 'rabbitmq' ? 100 : 0;
      expect(forced).toEqual({ published: twice, refused: undefined });
      await work(broker, 100 + twice);
      expect(await verdictOf(broker)).toMatchObject({
        outcome: 'complete',
        parameters: { ok: 1000, duplicated: 0 },
        records: 100 + twice,
        deduplicated: twice,
      });
    });

    it('does not repair a run without a plan, and says what to do', async () => {
      await using bench = new Bench(local);
      await bench.worker();
      const { status, stderr } = await ttg(fleetEnv(local, bench.env('operator')), 'verify', '--repair');
      expect(status).toBe(2);
      expect(stderr).toMatch(/no plan of run run-1.*Name the right run \(RUN_ID.*or seed the run/);
    });

    it('refuses another plan under the same run id, with the remedy, and publishes nothing', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, {});
      for (const env of [
        { CHUNK_SIZE: '20' },
        { TOTAL_PARAMETERS: '900' },
        { COMPUTATION: '/computation/other.mjs' },
      ]) {
        await expect(seedRun(bench, broker, env)).rejects.toThrow(
          /run-1 exists with another plan .*set another RUN_ID/,
        );
      }
      expect((await broker.depth()).ready).toBe(100);
    });
  });
}

describe('a run that does not fit', () => {
  it('is refused with the value to raise, and nothing of it is published', async () => {
    const local = await startTestBroker('redis', { maxmemory: '20mb' });
    try {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const refused = seedRun(bench, broker, { TOTAL_PARAMETERS: '1000000', CHUNK_SIZE: '1' });
      await expect(refused).rejects.toThrow(
        /these 1000000 chunks and the 10000 parameters that may die the broker needs about \d+ MiB of memory, and has 20 MiB: raise .*redis\.resources\.limits\.memory/,
      );
      expect(await broker.depth()).toMatchObject({ ready: 0, leased: 0 });
      expect((await readLedger(() => broker.records(), 'run-1')).plan).toBeUndefined();
    } finally {
      await local.stop();
    }
  });
});

describe('a broker that cannot keep the promise', () => {
  it('is refused by the name of its setting, and nothing is published', async () => {
    const local = await startTestBroker('redis', { maxmemory: '20mb' });
    try {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const { REDIS_HOST: host = '', REDIS_PORT: port, REDIS_PASSWORD: password = '' } = local.env;
      const admin = new Redis({ host, port: Number(port), password });
      await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      admin.disconnect();
      await expect(seedRun(bench, broker, {})).rejects.toThrow(/allkeys-lru.*Nothing was published/);
      expect(await broker.depth()).toMatchObject({ ready: 0, leased: 0 });
      expect((await readLedger(() => broker.records(), 'run-1')).plan).toBeUndefined();
    } finally {
      await local.stop();
    }
  });
});
