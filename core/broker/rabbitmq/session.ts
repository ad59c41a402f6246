/** One confirm channel: a publish that resolves is durable, and the channel is dead once and for all when it closes. */
import type { ChannelModel, ConfirmChannel, GetMessage, Message } from 'amqplib';
import { ConnectionLost, isMissingQueue, Nacked, quietly, reasonText, refusal } from './failure.js';
import { closeChannel } from './stream.js';

interface Pending {
  readonly queue: string;
  returned: boolean;
}

export class Session {
  readonly channel: ConfirmChannel;
  readonly connection: ChannelModel;
  readonly #pending = new Set<Pending>();
  #alive = true;
  #drained: Promise<void> | undefined;

  /** What the broker said at the end; undefined while the session lives, or where nothing was said. */
  #end: unknown;

  private constructor(channel: ConfirmChannel, connection: ChannelModel) {
    this.channel = quietly(channel);
    this.connection = connection;
    channel.on('error', (error: unknown) => (this.#end ??= error));
    const lost = (error: unknown): unknown => (this.#end ??= error);
    connection.once('close', lost);
    channel.once('close', () => connection.off('close', lost));
    channel.once('close', () => (this.#alive = false));
    // The default exchange confirms what it cannot route. A return says so, comes before its confirm, and names the queue:
    // if one message found no queue there, none of those still unconfirmed is known to have.
    channel.on('return', (message) => {
      for (const pending of this.#pending) if (pending.queue === message.fields.routingKey) pending.returned = true;
    });
  }

  static async open(connection: ChannelModel): Promise<Session> {
    try {
      return new Session(await connection.createConfirmChannel(), connection);
    } catch (error) {
      throw new ConnectionLost(`RabbitMQ closed the connection while a channel was opened: ${reasonText(error)}`, {
        cause: error,
      });
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Why the session is over, in words and with the setting where one is to blame. */
  get reason(): string {
    return reasonText(this.#end);
  }

  /**
   * Publishes to a queue; resolves once the broker has confirmed it.
   * @throws ConnectionLost, Nacked, or Error when the queue does not exist
   */
  send(
    queue: string,
    content: Buffer,
    headers: Record<string, unknown> = {},
    contentType = 'application/json',
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { queue, returned: false };
      const answered = (error: unknown): void => {
        this.#pending.delete(pending);
        if (pending.returned) reject(missing(queue));
        else if (!error) resolve();
        else if (error instanceof Error && error.message === 'message nacked')
          reject(new Nacked(`RabbitMQ refused a message for queue ${queue}`));
        else reject(refusal(this.#end) ?? this.#gone('before it confirmed a message', error));
      };
      try {
        this.#pending.add(pending);
        const room = this.channel.sendToQueue(
          queue,
          content,
          { persistent: true, mandatory: true, contentType, headers },
          answered,
        );
        if (!room) this.#drained ??= this.#drain();
      } catch (error) {
        answered(error);
      }
    });
  }

  /** Set while the channel's write buffer is full: wait for it before the next bulk of messages. */
  get drained(): Promise<void> | undefined {
    return this.#drained;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.channel.off('drain', done);
        this.channel.off('close', done);
        this.#drained = undefined;
        resolve();
      };
      this.channel.once('drain', done);
      this.channel.once('close', done);
    });
  }

  /** The oldest message that is ready, leased to this channel. */
  async get(queue: string): Promise<GetMessage | undefined> {
    return (await this.rpc(queue, () => this.channel.get(queue))) || undefined;
  }

  /** How many messages are ready. */
  async count(queue: string): Promise<number> {
    return (await this.rpc(queue, () => this.channel.checkQueue(queue))).messageCount;
  }

  /** @throws ConnectionLost, or Error when the queue does not exist; either way the channel is closed by then */
  async rpc<T>(queue: string, requests: () => Promise<T>): Promise<T> {
    try {
      return await requests();
    } catch (error) {
      if (isMissingQueue(error)) throw missing(queue, error);
      await this.close();
      throw refusal(error) ?? this.#gone(`while it was asked about queue ${queue}`, error);
    }
  }

  /** @throws ConnectionLost */
  ack(message: Message): void {
    try {
      this.channel.ack(message);
    } catch (error) {
      throw this.#gone('before a message was acknowledged', error);
    }
  }

  #gone(when: string, error: unknown): ConnectionLost {
    return new ConnectionLost(`RabbitMQ closed the channel ${when}: ${reasonText(this.#end ?? error)}`, {
      cause: this.#end ?? error,
    });
  }

  async close(): Promise<void> {
    if (this.#alive) await closeChannel(this.channel);
  }
}

function missing(queue: string, cause?: unknown): Error {
  return new Error(
    `RabbitMQ has no queue ${queue}: it was deleted, or the seeder has not made it yet; deploy the seeder again`,
    { cause },
  );
}
