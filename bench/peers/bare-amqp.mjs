/** amqplib alone on a quorum queue: `publish N` with confirms in windows of 1,000, `consume N` with acks at
 * prefetch 50, `process N` the same with a record confirmed by a stream before each ack, as a worker must. */
import { connect } from 'amqplib';

const [, , verb, count] = process.argv;
const n = Number(count);
const QUEUE = 'bench.bare';
const LOG = 'bench.bare.log';
const RECORD = Buffer.alloc(420, 'x');
const body = Buffer.from(
  '{"chunk_id":"00042","start_param":42,"end_param":42,"total_in_chunk":1,"created_at":"2026-01-01T00:00:00.000Z","run_id":"run-1","computation":"builtin"}',
);
const connection = await connect(process.env['AMQP_URL'] ?? '');
const channel = await connection.createConfirmChannel();
await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await channel.assertQueue(LOG, { durable: true, arguments: { 'x-queue-type': 'stream' } });
const started = performance.now();

async function publish() {
  /** @type {Promise<void>[]} */
  const windows = [];
  for (let i = 0; i < n; i++) {
    channel.sendToQueue(QUEUE, body, { persistent: true, contentType: 'application/json' });
    if (i % 1000 !== 999) continue;
    windows.push(channel.waitForConfirms());
    if (windows.length >= 4) await windows.shift();
  }
  await Promise.all([...windows, channel.waitForConfirms()]);
}

async function consume() {
  await channel.prefetch(50);
  let done = 0;
  await new Promise((resolve) => {
    void channel.consume(QUEUE, (message) => {
      if (message) channel.ack(message);
      if (++done === n) resolve(undefined);
    });
  });
}

async function process1() {
  await channel.prefetch(50);
  let done = 0;
  await new Promise((resolve) => {
    void channel.consume(QUEUE, (message) => {
      if (!message) return;
      channel.sendToQueue(LOG, RECORD, { persistent: true, mandatory: true, contentType: 'application/json' }, () => {
        channel.ack(message);
        if (++done === n) resolve(undefined);
      });
    });
  });
}

await { publish, consume, process: process1 }[/** @type {'publish' | 'consume' | 'process'} */ (verb)]();
process.stdout.write(`${JSON.stringify({ rate: (n / (performance.now() - started)) * 1000 })}\n`, () =>
  process.exit(0),
);
