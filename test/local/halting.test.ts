/**
 * Runs that take no chunks: halted by their failure budget, or cancelled. What seeder and `ttg` make of them, on real
 * brokers.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import type { Broker, Seeding } from '../../core/broker/port.js';
import { loadConfig } from '../../core/runtime/config.js';
import { ChunkError, ConfigError } from '../../core/runtime/errors.js';
import { makeProcesses } from '../../ops/local/fleet.js';
import { cancel } from '../../seeder/cancel.js';
import { Bench, never, reachesDepth, readRecords, receive, resultOf } from '../support/bench.js';
import { fleetEnv, ttg } from '../support/fleet.js';
import { log, seedRun, verdictOf, work } from '../support/seeded.js';
import { repair } from '../../seeder/repair.js';
import { seed } from '../../seeder/seed.js';
import type { Worker } from '../support/worker.js';
import { temporaryDirectory } from '../unit/support.js';

const fatal = new ChunkError('cursed', { retryable: false });

/** Lets `count` chunks of ten parameters die, and halts the run as a worker would. */
async function failOver(broker: Worker, count: number): Promise<void> {
  for (const delivery of await receive(broker, count)) await delivery.deadLetter(fatal, 'w1');
  await broker.halt('run-1', 'failures');
}

const kinds = async (broker: Worker): Promise<string[]> => (await readRecords(broker)).map(({ kind }) => kind);

for (const backend of ['redis', 'rabbitmq', 'embedded'] as const) {
  describe.concurrent(`a halted run over ${backend}`, () => {
    const local = inject(backend);
    // What helps is `ttg run` there.
    const isHere = backend === 'embedded';

    it('is not seeded before its budget allows its dead, and goes on then, with the new budget known first', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '100', MAX_DEAD: '10' });
      await failOver(broker, 3);
      const [parked] = await receive(broker, 1);
      await parked?.park();
      const before = await kinds(broker);
      for (const publish of [
        () => seedRun(bench, broker, { TOTAL_PARAMETERS: '100', MAX_DEAD: '29' }),
        () => repair({ broker, runId: 'run-1', force: false, isHere, log, stop: never }),
      ]) {
        const refused = await publish().catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(ConfigError);
        const { message } = refused as ConfigError;
        expect(message).toMatch(/30 of its parameters are dead, and its failure budget allows \d\d\. /);
        const remedy = /`ttg dlq replay --all`.*ttg resume run-1.*MAX_DEAD/;
        expect(message).toMatch(isHere ? /ttg run.*--retry-dead.*run\.maxDead/ : remedy);
      }
      expect(await kinds(broker), 'nothing is changed by what is refused').toEqual(before);
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '100', MAX_DEAD: '30' });
      expect((await kinds(broker)).slice(before.length)).toEqual(['plan', 'resumed']);
      expect((await broker.runStates()).get('run-1')).toEqual({ maxDead: 30, dead: 30, halted: undefined });
      await work(broker, 7);
      expect(await verdictOf(broker)).toMatchObject({
        outcome: 'complete with dead parameters',
        halted: undefined,
        parameters: { ok: 70, dead: 30, missing: 0 },
        deduplicated: 0,
      });
    });

    it('stays halted where a larger budget comes with a computation that cannot be loaded', async () => {
      await using bench = new Bench(local);
      using directory = temporaryDirectory();
      const module = join(directory.path, 'own.mjs');
      const env = {
        ...fleetEnv(local, bench.env('seeder')),
        ...{ TOTAL_PARAMETERS: '100', CHUNK_SIZE: '10', COMPUTATION: module },
      };
      const broker = await bench.worker();
      writeFileSync(module, 'export const compute = (i) => i;');
      expect(await seeder({ ...env, MAX_DEAD: '0' })).toMatchObject({ status: 0 });
      await failOver(broker, 1);
      const before = await kinds(broker);
      writeFileSync(module, 'export const compute = (i) => i;\nexport const other = (;');
      const refused = await seeder({ ...env, MAX_DEAD: '50' });
      expect(refused.status).toBe(2);
      expect(refused.said).toMatch(
        /own\.mjs could not be loaded: SyntaxError.* at .*own\.mjs:2\n[^]*Nothing was published/,
      );
      expect(await kinds(broker)).toEqual(before);
      expect((await broker.runStates()).get('run-1')).toEqual({ maxDead: 0, dead: 10, halted: 'failures' });
    });

    it.each([
      ['does not parse', 'export const compute = (;', /own\.mjs:1/],
      ['imports what is not there', "import 'nobody-has-this'; export const compute = (i) => i;", /nobody-has-this/],
      ['throws for every parameter', 'export const compute = () => { throw new Error("typo"); };', /typo/],
    ])('does not come to be where the computation %s', async (_, source, reason) => {
      await using bench = new Bench(local);
      using directory = temporaryDirectory();
      const module = join(directory.path, 'own.mjs');
      writeFileSync(module, source);
      const broker = await bench.worker();
      const refused = await seeder({ ...fleetEnv(local, bench.env('seeder')), COMPUTATION: module });
      expect(refused.status).toBe(2);
      expect(refused.said).toMatch(reason);
      expect(await readRecords(broker)).toEqual([]);
      expect(await broker.depth()).toMatchObject({ ready: 0, leased: 0, delayed: 0, parked: 0 });
    });

    it('by failures says so in verdict and exit status, ends a wait at once, and is resumed once its dead are replayed', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const env = fleetEnv(local, bench.env('operator'));
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '10', CHUNK_SIZE: '1', MAX_DEAD: '1' });
      await failOver(broker, 3);
      // The deadline of this test is shorter than that of the wait.
      const verified = await ttg(env, 'verify', '--wait', '--deadline', '3600');
      expect(verified.status).toBe(1);
      expect(verified.stdout).toMatch(/INCOMPLETE {3}halted: 3 of at most 1 dead\n$/);
      const { stdout } = await ttg(env, 'status');
      expect(stdout).toContain('halted: 3 of at most 1 dead');
      const why = await ttg(env, 'why', '--json', '--seconds', '1');
      expect(JSON.parse(why.stdout)).toMatchObject({
        cause: 'over-budget',
        sentence: expect.stringContaining(
          '3 parameters are dead and its failure budget allows 1; 3 died of: cursed',
        ) as string,
        remedy: expect.stringContaining(
          isHere ? '`ttg run` command with `--retry-dead`' : '`ttg dlq replay --all`, and then `ttg resume run-1`',
        ) as string,
      });
      const refused = await ttg(env, 'resume', 'run-1');
      expect(refused.status).toBe(2);
      expect(refused.stderr).toMatch(
        isHere
          ? /3 of its parameters are dead.*ttg run.*--retry-dead/
          : /3 of its parameters are dead.*ttg dlq replay --all.*ttg resume run-1/,
      );
      expect((await broker.runStates()).get('run-1')?.halted).toBe('failures');
      expect(await ttg(env, 'dlq', 'replay', '--all')).toMatchObject({ status: 0 });
      expect(await ttg(env, 'resume', 'run-1')).toMatchObject({ status: 0 });
      await work(broker, 10);
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 10 });
    });

    it('that was cancelled is not seeded again, says so in verdict and exit status, and is computed whole once resumed', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      const env = fleetEnv(local, bench.env('operator'));
      await seedRun(bench, broker, {});
      await work(broker, 20);
      const cancelled = await ttg(env, 'cancel', 'run-1');
      expect(cancelled).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('80 chunks left the queue') as string,
      });
      await reachesDepth(broker, { unfinished: 0, delayed: 0, parked: 0, dead: 0 });
      const again = await ttg(env, 'cancel', 'run-1');
      expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining(' 0 chunks left the queue') as string });
      expect((await kinds(broker)).filter((kind) => kind === 'halted')).toHaveLength(1);
      const verified = await ttg(env, 'verify', '--wait', '--deadline', '3600');
      expect(verified.status).toBe(1);
      expect(verified.stdout).toMatch(
        /fault {8}the run was cancelled at .*ttg resume run-1[^]*INCOMPLETE {3}cancelled\n$/,
      );
      const why = await ttg(env, 'why', '--json', '--seconds', '1');
      expect(JSON.parse(why.stdout)).toMatchObject({
        cause: 'cancelled',
        remedy: expect.stringContaining('ttg resume run-1') as string,
      });
      await expect(seedRun(bench, broker, {})).rejects.toThrow(
        /run-1 was cancelled: start a new one.*ttg resume run-1/,
      );
      const resumed = await ttg(env, 'resume', 'run-1');
      expect(resumed).toMatchObject({ status: 0, stdout: expect.stringContaining('80 are published') as string });
      await work(broker, 80);
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', records: 100, deduplicated: 0 });
    });

    it('is cancelled behind the chunks of others, which lose no attempt, and keeps nothing of its own in the queue', async () => {
      await using bench = new Bench(local, { retryMs: 0 });
      const broker = await bench.worker();
      await seedRun(bench, broker, { RUN_ID: 'run-2', TOTAL_PARAMETERS: '6000' });
      // One was started before: it is handed out alone, and first wherever what is due comes before what is new.
      const [tried] = await receive(broker, 1);
      await tried?.retry(new ChunkError('boom', { retryable: true }));
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '500' });
      await reachesDepth(broker, { unfinished: 650, delayed: 0 });
      // Somebody who comes anew looks at what is due at once.
      const operator = await bench.worker('operator');
      expect(await cancel({ broker: operator, runId: 'run-1', stop: never })).toBe(50);
      await reachesDepth(broker, { unfinished: 600, parked: 0 });
      const attempts: string[] = [];
      while (attempts.length < 600) {
        const left = await broker.receive({ max: 250, waitMs: 500, signal: never });
        attempts.push(...left.map(({ chunk, attempt }) => `${chunk.runId} ${attempt}`));
        for (const delivery of left) await delivery.complete(resultOf(delivery.chunk));
      }
      attempts.sort();
      expect(attempts).toEqual([...Array<string>(599).fill('run-2 1'), 'run-2 2']);
    });

    it('that nobody knows is not cancelled: the runs of the log are named', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '10' });
      const env = fleetEnv(local, bench.env('operator'));
      for (const verb of ['cancel', 'resume']) {
        const { status, stderr } = await ttg(env, verb, 'run-7');
        expect(status).toBe(2);
        expect(stderr).toMatch(/holds no run run-7 \(it knows run-1\)/);
      }
      expect(await kinds(broker)).toEqual(['plan', 'seeded']);
    });

    it('is no hindrance to another one', async () => {
      await using bench = new Bench(local);
      const broker = await bench.worker();
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '100', MAX_DEAD: '0' });
      await failOver(broker, 1);
      await seedRun(bench, broker, { TOTAL_PARAMETERS: '50', RUN_ID: 'run-2' });
      for (const delivery of await receive(broker, 9)) await delivery.park();
      await work(broker, 5);
      expect(await verdictOf(broker, 'run-2')).toMatchObject({ outcome: 'complete' });
    });
  });
}

describe('a seeder that is publishing', () => {
  it('stops when its run is cancelled, and resuming publishes what it did not come to', async () => {
    await using bench = new Bench(inject('redis'));
    const broker = await bench.worker();
    const env = { TOTAL_PARAMETERS: '20001', CHUNK_SIZE: '1' };
    const config = loadConfig({ ...bench.env('seeder'), ...env });
    // Cancelled as soon as the first ten thousand chunks are marked as published.
    const cancelling = new Proxy<Broker>(broker, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name !== 'seeding') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        return async (): Promise<Seeding> => {
          const held = await target.seeding();
          return {
            queued: () => held.queued(),
            publish: (chunks, confirmed) => held.publish(chunks, confirmed),
            adopt: (records) => held.adopt(records),
            forget: (id) => held.forget(id),
            append: async (record) => {
              await held.append(record);
              if (record.kind === 'seeded') await target.halt('run-1', 'cancelled');
            },
            [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
          };
        };
      },
    });
    await expect(seed({ broker: cancelling, config, log, stop: never })).rejects.toThrow(
      /run-1 was cancelled while it was published, after 10000 chunks: .*ttg resume run-1/,
    );
    expect((await broker.depth()).ready).toBe(10_000);
    await broker.resume('run-1');
    // What nobody has discarded yet is queued still.
    expect((await repair({ broker, runId: 'run-1', force: false, log, stop: never })).published).toBe(10_001);
    expect((await broker.depth()).ready).toBe(20_001);
  });
});

describe('dead parameters', () => {
  it('have an exit status of their own, unless they are allowed', async () => {
    const local = inject('redis');
    await using bench = new Bench(local);
    const broker = await bench.worker();
    const env = fleetEnv(local, bench.env('operator'));
    await seedRun(bench, broker, { TOTAL_PARAMETERS: '10' });
    for (const delivery of await receive(broker, 1)) await delivery.deadLetter(fatal, 'w1');
    const verified = await ttg(env, 'verify');
    expect(verified.status).toBe(3);
    expect(verified.stdout).toMatch(/COMPLETE WITH DEAD PARAMETERS .*10 of them as dead letters\n$/);
    expect(await ttg({ ...env, VERIFY_ALLOW_DEAD: 'true' }, 'verify')).toMatchObject({ status: 0 });
  });
});

/** The program itself: the trial of a computation is a process of its own. */
async function seeder(env: Record<string, string>): Promise<{ status: number | null; said: string }> {
  const process = makeProcesses({}).start('seeder', 'seeder', env);
  await process.exited;
  return { status: process.child.exitCode, said: process.log };
}
