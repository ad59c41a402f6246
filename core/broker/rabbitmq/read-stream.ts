/** Reading a stream from an offset on: to the end that was known at the start, or on and on. */
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { backoff, delay } from '../../runtime/backoff.js';
import { ConnectionLost, isMissingQueue } from './failure.js';
import type { Link } from './link.js';
import { lastOffset } from './log-end.js';
import { closeChannel, consumeStream, offsetOf, openChannel } from './stream.js';

/** Records under way from the broker: enough that the acknowledgements (its credit) never stall the flow. */
const PREFETCH = 1000;
const LOOK_AGAIN_MS = 500;
/** Losses of the connection in a row without a record between them. */
const MOST_FAILURES = 20;

export interface StreamEntry {
  /** Offset in the stream. */
  readonly position: number;
  readonly body: Buffer;
}

export interface ReadStreamOptions {
  /** Offset of the first entry that is wanted. */
  readonly from?: number;
  /** Reads on after the last entry until this aborts. */
  readonly follow?: AbortSignal | undefined;
}

/** Reads on after a loss of the connection where it stopped, within the link's patience. */
export async function* readStream(
  link: Link,
  queue: string,
  { from = 0, follow }: ReadStreamOptions = {},
): AsyncGenerator<StreamEntry> {
  let next = from;
  let last: number | undefined;
  for (let failures = 0; !follow?.aborted;) {
    try {
      const connection = await link.connection();
      if (!follow) last ??= await lastOffset(connection, queue);
      if (last !== undefined && next > last) return;
      for await (const message of messages(connection, queue, next, follow)) {
        const position = offsetOf(message);
        if (position < next) continue;
        next = position + 1;
        failures = 0;
        yield { position, body: message.content };
        if (follow?.aborted || (last !== undefined && next > last)) return;
      }
    } catch (error) {
      if (isMissingQueue(error)) {
        if (!follow) return;
        await delay(LOOK_AGAIN_MS, follow);
      } else if (error instanceof ConnectionLost && failures < MOST_FAILURES) {
        await delay(backoff(++failures), follow);
      } else {
        throw error;
      }
    }
  }
}

async function* messages(
  connection: ChannelModel,
  queue: string,
  from: number,
  stop?: AbortSignal,
): AsyncGenerator<ConsumeMessage> {
  const inbox = new Inbox();
  const channel = await openChannel(connection, () => inbox.end());
  const end = (): void => inbox.end();
  stop?.addEventListener('abort', end, { once: true });
  try {
    await consumeStream(channel, queue, { prefetch: PREFETCH, offset: from === 0 ? 'first' : from }, (message) =>
      inbox.push(message),
    );
    for (;;) {
      const batch = await inbox.take();
      const latest = batch.at(-1);
      if (!latest) break;
      yield* batch;
      try {
        channel.ack(latest, true);
      } catch {
        break;
      }
    }
    if (!stop?.aborted) throw new ConnectionLost('RabbitMQ closed the channel while the log was read');
  } finally {
    stop?.removeEventListener('abort', end);
    await closeChannel(channel);
  }
}

/** From events to batches; an empty batch means the end. */
class Inbox {
  #messages: ConsumeMessage[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(message: ConsumeMessage): void {
    this.#messages.push(message);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async take(): Promise<ConsumeMessage[]> {
    while (this.#messages.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#messages.splice(0);
  }
}
