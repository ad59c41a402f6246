/** Messages that TTG did not write: none stops a worker, and none is lost. */
import amqp, { type ChannelModel, type Options } from 'amqplib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type LocalBroker } from '../../ops/local/broker.js';
import { fromBody, toBody } from '../../core/broker/rabbitmq/codec.js';
import { decodeChunk, encodeChunk } from '../../core/wire/chunk-codec.js';
import {
  Bench,
  chunks,
  never,
  publish,
  reachesDepth,
  readDeadLetters,
  readLog,
  receive,
  receiveOne,
  resultOf,
} from '../support/bench.js';

interface Foreign {
  readonly body: Buffer;
  readonly options: Options.Publish;
}

const ours = ['x-ttg-attempts', 'x-ttg-error', 'x-ttg-stack', 'x-ttg-time', 'x-ttg-worker', 'x-death', 'other'];
/** Erlang has no infinity: RabbitMQ itself closes the connection of who sends one. */
const finite = { noNaN: true, noDefaultInfinity: true };
/** Of every type that a header can have. */
const scalar = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.boolean(),
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.double(finite).map((value) => ({ '!': 'double', value })),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.nat().map((value) => ({ '!': 'timestamp', value })),
  fc.nat(255).map((value) => ({ '!': 'uint8', value })),
  fc.nat(65_535).map((value) => ({ '!': 'uint16', value })),
  fc.nat().map((value) => ({ '!': 'uint32', value })),
  fc.float(finite).map((value) => ({ '!': 'float', value })),
  fc.tuple(fc.nat(255), fc.nat()).map(([places, digits]) => ({ '!': 'decimal', 'value': { places, digits } })),
);
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constant('x'.repeat(30_000)) },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), scalar, { maxKeys: 4 }) },
);
const headers = fc.dictionary(fc.constantFrom(...ours), value, { maxKeys: 2 });
const wire = encodeChunk(chunks(1)[0]!);
/** A task message of which one value is something else. */
const spoilt = fc
  .tuple(fc.constantFrom(...Object.keys(wire)), fc.jsonValue())
  .map(([key, other]) => toBody({ ...wire, [key]: other }));
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc.constantFrom('', '{', 'null', '[]', '{"__proto__":{}}', '['.repeat(100_000)).map((text) => Buffer.from(text)),
  spoilt,
);
const foreign: fc.Arbitrary<Foreign> = fc.record({
  body,
  options: fc.record({ headers, contentType: fc.constantFrom('', 'text/plain', 'x'.repeat(200)) }),
});

function isChunk(content: Buffer): boolean {
  try {
    return decodeChunk(fromBody(content)) !== undefined;
  } catch {
    return false;
  }
}

describe('messages that others wrote', () => {
  let broker: LocalBroker;
  let connection: ChannelModel;
  beforeAll(async () => {
    broker = await startBroker('rabbitmq');
    const { port, user: username, password } = broker;
    connection = await amqp.connect({ hostname: '127.0.0.1', port, username, password });
    connection.on('error', () => undefined);
  });
  afterAll(async () => {
    await connection.close();
    await broker.stop();
  });

  async function put(queue: string, messages: readonly Foreign[]): Promise<void> {
    const channel = await connection.createConfirmChannel();
    for (const { body, options } of messages) channel.sendToQueue(queue, body, { persistent: true, ...options });
    await channel.waitForConfirms();
    await channel.close();
  }

  it('are moved to the dead-letter queue byte by byte, and the good ones behind them are delivered', async () => {
    const property = fc.asyncProperty(fc.array(foreign, { minLength: 40, maxLength: 40 }), async (messages) => {
      await using bench = new Bench(broker);
      const worker = await bench.worker();
      await put(`${bench.prefix}.tasks`, messages);
      const good = await publish(worker, 2);
      const left = new Set(good.map(({ chunkId }) => chunkId));
      while (left.size > 0) {
        for (const delivery of await receive(worker, 1)) {
          left.delete(delivery.chunk.chunkId);
          await delivery.discard();
        }
      }
      const moved = (await readDeadLetters(worker)).map((letter) => {
        if (letter.chunk) throw new Error('a chunk among what nobody could decode');
        return letter.raw.toString('base64');
      });
      const undecodable = messages.filter((each) => !isChunk(each.body)).map((each) => each.body.toString('base64'));
      expect(moved.toSorted()).toEqual(undecodable.toSorted());
    });
    await fc.assert(property, { numRuns: 5, endOnFailure: true });
  });

  it('of ten megabytes are moved as they are', async () => {
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    const large = Buffer.alloc(10_000_000, 0xfe);
    await put(`${bench.prefix}.tasks`, [{ body: large, options: {} }]);
    await publish(worker, 1);
    const delivery = await receiveOne(worker);
    await delivery.complete(resultOf(delivery.chunk));
    const [letter, ...more] = await readDeadLetters(worker);
    expect(more).toEqual([]);
    if (!letter || letter.chunk) throw new Error('no undecodable letter');
    expect(letter.raw.equals(large)).toBe(true);
    expect(await worker.receive({ max: 10, waitMs: 100, signal: never })).toEqual([]);
    await reachesDepth(worker, { unfinished: 0, dead: 1 });
  });

  it('in all other queues stop nobody: the log names them, run states and resume pass over them', async () => {
    const messages = fc.sample(foreign, { numRuns: 20, seed: 7 });
    await using bench = new Bench(broker);
    const worker = await bench.worker();
    for (const queue of ['results', 'control', 'tasks.parked', 'tasks.dlq'])
      await put(`${bench.prefix}.${queue}`, messages);
    expect(await readLog(worker)).toHaveLength(20);
    expect((await readDeadLetters(worker)).length).toBe(20);
    await worker.halt('run-1', 'cancelled');
    expect((await worker.runStates()).get('run-1')?.halted).toBe('cancelled');
    const parkedChunks = messages.filter((each) => isChunk(each.body)).length;
    expect(await worker.resume('run-1')).toBe(parkedChunks);
    expect((await worker.runStates()).get('run-1')?.halted).toBeUndefined();
  });
});
