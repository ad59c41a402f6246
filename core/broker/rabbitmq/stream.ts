/** Plain channels: opened, closed, and consuming a stream on one. */
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { ConnectionLost, isMissingQueue, quietly, refusal } from './failure.js';

/** @throws ConnectionLost */
export async function openChannel(connection: ChannelModel, closed: () => void): Promise<Channel> {
  try {
    const channel = quietly(await connection.createChannel());
    channel.once('close', closed);
    return channel;
  } catch (error) {
    throw new ConnectionLost('RabbitMQ closed the connection while a channel was opened', { cause: error });
  }
}

/**
 * Resolves when the channel is closed, whoever closed it. amqplib's own promise never settles when the connection dies
 * before the broker has answered (BaseChannel.toClosing calls back at CloseOk only), but it emits 'close' either way.
 */
export function closeChannel(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    channel.once('close', resolve);
    // It refuses where the channel is closed, or on its way there.
    channel.close().catch(() => resolve());
  });
}

/**
 * Offsets are those of the stream; the broker starts at the chunk of records that holds the offset asked for, or rather
 * at the offset itself: callers skip what they know.
 * @throws ConnectionLost, or the error of a queue that does not exist
 */
export async function consumeStream(
  channel: Channel,
  queue: string,
  from: { prefetch: number; offset: 'first' | 'last' | number },
  arrived: (message: ConsumeMessage) => void,
): Promise<void> {
  try {
    await channel.prefetch(from.prefetch);
    await channel.consume(queue, (message) => message && arrived(message), {
      arguments: { 'x-stream-offset': from.offset },
    });
  } catch (error) {
    if (isMissingQueue(error)) throw error;
    const refused = refusal(error, 'read', `queue ${queue}`);
    if (refused) throw refused;
    // Just after a restart the stream's own process may not be up yet.
    throw new ConnectionLost(`RabbitMQ does not let us read stream ${queue}`, { cause: error });
  }
}

/** Position of a record in its stream, 0-based and without gaps. */
export function offsetOf(message: ConsumeMessage): number {
  return Number((message.properties.headers as Record<string, unknown> | undefined)?.['x-stream-offset']);
}
