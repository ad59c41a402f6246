/** Where the log ends at this moment: the offset of its last record. */
import type { ChannelModel } from 'amqplib';
import { delay } from '../../runtime/backoff.js';
import { ConnectionLost } from './failure.js';
import { closeChannel, consumeStream, offsetOf, openChannel } from './stream.js';

/** The most that AMQP's prefetch can say; more than RabbitMQ ever writes as one chunk of a stream. */
const WHOLE_CHUNK = 65_535;
const PAUSE_MS = 25;
/** Answers that a broker gives without a first record before its log counts as empty. */
const SILENT_ANSWERS = 8;
const PATIENCE_MS = 30_000;

/**
 * The offset of the last record, at least that of every record confirmed before the call; −1 when there is none.
 *
 * The message count that a declare returns will not do: for streams it is a metric, refreshed every few seconds (3.10
 * and 4.0: rabbit_stream_queue:stat reads queue_coarse_metrics). Instead a consumer attaches at `last`, the last chunk.
 * Once the broker's channel process hears of that offset it sends, in one go, everything up to the end that its credit
 * allows (rabbit_stream_queue:stream_entries), and answers the channel's next request after that. So: the first record
 * is there, one more request is answered, and the end is known.
 *
 * An empty stream never says so. It counts as empty when the broker has answered several requests over a while, sent no
 * record, and its metric says 0 too: it would take a log younger than the metric on a broker that stalls for longer
 * than that.
 *
 * @throws ConnectionLost, or the error of a queue that does not exist
 */
export async function lastOffset(connection: ChannelModel, queue: string): Promise<number> {
  let last = -1;
  const channel = await openChannel(connection, () => {});
  try {
    await consumeStream(
      channel,
      queue,
      { prefetch: WHOLE_CHUNK, offset: 'last' },
      (message) => (last = Math.max(last, offsetOf(message))),
    );
    const started = performance.now();
    for (let silent = 0; performance.now() - started < PATIENCE_MS; silent++) {
      const known = last;
      const { messageCount } = await channel.checkQueue(queue).catch((error: unknown) => {
        throw new ConnectionLost('RabbitMQ closed the channel while the end of the log was looked for', {
          cause: error,
        });
      });
      if (known >= 0) return last;
      if (last < 0 && messageCount === 0 && silent >= SILENT_ANSWERS) return -1;
      if (last < 0) await delay(PAUSE_MS);
    }
    throw new Error(
      `RabbitMQ says that stream ${queue} has records, but sends none: its replica may be down, see rabbitmqctl list_queues name state`,
    );
  } finally {
    await closeChannel(channel);
  }
}
