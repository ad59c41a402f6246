/**
 * Entries of the task stream that TTG did not write: none stops a worker, none is lost, none is said to be moved before
 * it is.
 */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalBroker } from '../../ops/local/broker.js';
import { decodeChunk, encodeChunk } from '../../core/wire/chunk-codec.js';
import type { DeadLetter } from '../../core/wire/dead-letter.js';
import { ChunkError, ProtocolError } from '../../core/runtime/errors.js';
import { fromFields, toFields } from '../../core/broker/redis/codec.js';
import { Bench, chunks, never, publish, reachesDepth, receive, receiveOne, resultOf } from '../support/bench.js';
import { startTestBroker } from '../support/provider.js';
import { seeding, type Worker } from '../support/worker.js';

type Fields = readonly (string | Buffer)[];

const valid = toFields(encodeChunk(chunks(1)[0]!)).map(String);

const bytes = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  fc.constantFrom(
    '',
    '\n',
    '\0',
    'run_id',
    '__proto__',
    'constructor',
    'error',
    'failed_at',
    'attempts',
    'ttg_raw_fields',
  ),
);
const pairs = fc.array(fc.tuple(bytes, bytes), { minLength: 1, maxLength: 12 }).map((list): Fields => list.flat());
/** A task message of which one value is something else. */
const spoilt = fc
  .tuple(fc.nat(valid.length / 2 - 1), fc.constantFrom('', '-1', '1e99', 'NaN', '{', 'null', '9'.repeat(400)))
  .map(([at, value]): Fields => valid.map((field, i) => (i === 2 * at + 1 ? value : field)));
const wide = fc
  .tuple(fc.integer({ min: 400, max: 20_000 }), bytes)
  .map(([n, value]): Fields => Array.from({ length: 2 * n }, (_, i) => (i % 2 ? value : `f${i}`)));
const long = fc
  .integer({ min: 1, max: 3_000_000 })
  .map((n): Fields => ['x'.repeat(Math.min(n, 1000)), Buffer.alloc(n, 0xfe)]);
const foreign = fc.oneof(
  { weight: 6, arbitrary: pairs },
  { weight: 6, arbitrary: spoilt },
  { weight: 1, arbitrary: wide },
  { weight: 1, arbitrary: long },
);

const asBytes = (fields: Fields): Buffer =>
  Buffer.concat(fields.flatMap((field) => [Buffer.from(field), Buffer.from([0])]));

function isChunk(fields: Fields): boolean {
  try {
    return decodeChunk(fromFields(fields.map((field) => Buffer.from(field).toString()))) !== undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

async function lettersOf(worker: Worker): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of worker.deadLetters()) letters.push(letter);
  return letters;
}

describe('entries that others wrote', () => {
  let broker: LocalBroker;
  let raw: Redis;
  beforeAll(async () => {
    broker = await startTestBroker('redis');
    raw = new Redis({ host: broker.host, port: broker.port, password: broker.password });
    raw.on('error', () => undefined);
  });
  afterAll(async () => {
    raw.disconnect();
    await broker.stop();
  });

  it('are moved to the dead-letter queue byte by byte, whatever their shape, and the good ones behind them are delivered', async () => {
    const property = fc.asyncProperty(fc.array(foreign, { minLength: 20, maxLength: 20 }), async (entries) => {
      await using bench = new Bench(broker);
      const worker = await bench.worker();
      const tasks = `${bench.prefix}:tasks`;
      for (const fields of entries) await raw.call('XADD', [tasks, '*', ...fields]);
      await worker.halt('run-1', 'cancelled');
      const good = await publish(worker, 2);
      const delivered = new Set<string>();
      while (!good.every(({ chunkId }) => delivered.has(chunkId))) {
        for (const delivery of await receive(worker, 1)) {
          delivered.add(delivery.chunk.chunkId);
          await delivery.discard();
        }
      }
      const moved: string[] = [];
      for (const letter of await lettersOf(worker)) {
        if (letter.chunk) throw new Error('a chunk among what nobody could decode');
        moved.push(letter.raw.toString('base64'));
        expect(letter.error).toMatch(/./);
        expect(letter.failedAt).toMatch(/^20.*Z$/);
      }
      const undecodable = entries
        .filter((fields) => !isChunk(fields))
        .map((fields) => asBytes(fields).toString('base64'));
      expect(moved.toSorted()).toEqual(undecodable.toSorted());
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it.each([500, 4000, 100_000])('of %i fields are moved once, and are readable as they were', async (count) => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    const fields = Array.from({ length: 2 * count }, (_, i) => (i % 2 ? `v${i}` : `f${i}`));
    await raw.call('XADD', [`${bench.prefix}:tasks`, '*', ...fields]);
    await publish(worker, 1);
    const delivery = await receiveOne(worker);
    await delivery.complete(resultOf(delivery.chunk));
    const [letter, ...more] = await lettersOf(worker);
    expect(more).toEqual([]);
    if (!letter || letter.chunk) throw new Error('no undecodable letter');
    expect(letter.raw.equals(asBytes(fields))).toBe(true);
    expect(await worker.receive({ max: 10, waitMs: 100, signal: never })).toEqual([]);
    await reachesDepth(worker, { unfinished: 0, dead: 1 });
  });

  it('that are chunks with thousands of further fields stay chunks, also as dead letters, and can be replayed', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    const further = Array.from({ length: 10_000 }, (_, i) => `x${i}`);
    await raw.call('XADD', [`${bench.prefix}:tasks`, '*', ...valid, ...further]);
    const delivery = await receiveOne(worker);
    await delivery.deadLetter(new ChunkError('cursed', { retryable: false }), 'w1');
    const [letter] = await lettersOf(worker);
    expect(letter?.chunk).toEqual(delivery.chunk);
    expect(await worker.replay([letter!.id])).toEqual([letter!.id]);
    expect((await receiveOne(worker)).chunk).toEqual(delivery.chunk);
  });

  it.each([
    ['nan', 'nan'],
    ['-inf', 'inf'],
    ['0', '1e99'],
    ['0', '9'.repeat(400)],
  ])('that name parameters %s to %s do not keep a seeder from publishing', async (start, end) => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    await seeding(worker, async (held) => {
      for await (const chunk of held.queued() ?? []) throw new Error(`${chunk.chunkId} in an empty queue`);
      const fields = ['run_id', 'run-1', 'start_param', start, 'end_param', end, 'total_in_chunk', '1'];
      await raw.call('XADD', [`${bench.prefix}:tasks`, '*', ...fields]);
      expect(await held.publish(chunks(3))).toBe(3);
    });
    expect((await receive(worker, 3)).map(({ chunk }) => chunk)).toEqual(chunks(3));
  });

  it('that look like what TTG makes of wide entries are kept as they are', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    const entries = [
      ['ttg_raw_fields', 'no zero byte'],
      ['ttg_raw_fields', 'one\0'],
    ];
    for (const fields of entries) await raw.call('XADD', [`${bench.prefix}:tasks`, '*', ...fields]);
    // One that somebody put there himself.
    await raw.call('XADD', [`${bench.prefix}:tasks:dlq`, '*', ...entries[0]!]);
    await publish(worker, 1);
    await (await receiveOne(worker)).release();
    const raws = (await lettersOf(worker)).map((letter) => !letter.chunk && letter.raw.toString());
    expect(raws).toEqual([entries[0], ...entries].map((fields) => asBytes(fields!).toString()));
  });

  it('whose fields are named like those that are added keep them', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    const fields = ['stack', 'theirs', 'attempts', '7', 'error', 'theirs', 'failed_at', 'never'];
    await raw.call('XADD', [`${bench.prefix}:tasks`, '*', ...fields]);
    await publish(worker, 1);
    await (await receiveOne(worker)).release();
    const [letter] = await lettersOf(worker);
    if (!letter || letter.chunk) throw new Error('no undecodable letter');
    expect(letter.raw.equals(asBytes(fields))).toBe(true);
    expect(letter.error).not.toBe('theirs');
  });
});
