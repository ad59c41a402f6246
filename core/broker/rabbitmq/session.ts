/** One confirm channel: a publish that resolves is durable, and the channel is dead once and for all when it closes. */
import { IllegalOperationError, type ChannelModel, type ConfirmChannel, type GetMessage, type Message } from 'amqplib';
import { asError } from '../../runtime/errors.js';
import {
  codeOf,
  ConnectionLost,
  isMissingQueue,
  missingQueue,
  Nacked,
  PRECONDITION_FAILED,
  quietly,
  reasonText,
  refusal,
  TooLarge,
} from './failure.js';
import { closeChannel } from './stream.js';

/**
 * A message of more bytes than this is published on a channel of its own: where it is larger than the broker's
 * max_message_size, the broker closes that channel, and not the one whose chunks would all lose their leases.
 */
const LARGE = 64 * 1024;

interface Pending {
  readonly queue: string;
  returned: boolean;
}

export class Session {
  readonly channel: ConfirmChannel;
  readonly connection: ChannelModel;
  /** Resolves when the session is over, once its reason is known. */
  readonly ended: Promise<void>;
  readonly #pending = new Set<Pending>();
  /** Delivery tags that are not acknowledged, ascending. */
  readonly #unacknowledged = new Set<number>();
  #alive = true;
  #drained: Promise<void> | undefined;
  /** What the broker said at the end; undefined while the session lives, or where nothing was said. */
  #end: unknown;
  #closedAlone = false;

  private constructor(channel: ConfirmChannel, connection: ChannelModel) {
    this.channel = quietly(channel);
    this.connection = connection;
    channel.on('error', (error: unknown) => {
      this.#end ??= error;
      this.#closedAlone = codeOf(error) !== undefined;
    });
    const lost = (error: unknown): unknown => (this.#end ??= error);
    connection.once('close', lost);
    this.ended = new Promise((resolve) => {
      channel.once('close', () => {
        this.#alive = false;
        // A connection closes its channels first and says why afterwards, in the same turn.
        queueMicrotask(() => {
          connection.off('close', lost);
          resolve();
        });
      });
    });
    // The default exchange confirms what it cannot route. A return says so, comes before its confirm, and names the
    // queue: if one message found no queue there, none of those still unconfirmed is known to have.
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

  /** Whether the broker closed this channel for a limit of its own, and nothing says that this process was away. */
  get endedByLimit(): boolean {
    return this.#closedAlone;
  }

  /** Why the session is over, in words and with the setting that is to blame. */
  get reason(): string {
    return reasonText(this.#end);
  }

  /** The broker's own error, for a `cause`. */
  get end(): unknown {
    return this.#end;
  }

  /**
   * Publishes to a queue; resolves once the broker has confirmed it.
   * @throws ConnectionLost, Nacked, TooLarge, ConfigError where the right is missing, or Error when the queue does not
   *   exist
   */
  send(
    queue: string,
    content: Buffer,
    headers: Record<string, unknown> = {},
    contentType = 'application/json',
  ): Promise<void> {
    return content.length <= LARGE
      ? this.#send(queue, content, headers, contentType)
      : this.#sendApart(queue, content, headers, contentType);
  }

  async #sendApart(queue: string, content: Buffer, headers: Record<string, unknown>, type: string): Promise<void> {
    const apart = await Session.open(this.connection);
    try {
      await apart.#send(queue, content, headers, type);
    } catch (error) {
      if (codeOf(apart.#end) !== PRECONDITION_FAILED) throw error;
      throw new TooLarge(
        `RabbitMQ does not take a message of ${content.length} bytes (${asError(apart.#end).message}): raise max_message_size ` +
          'in rabbitmq.conf, make smaller chunks (CHUNK_SIZE; chart: run.chunkSize), or keep no values (RESULTS_STORE=none; chart: results.store)',
        { cause: apart.#end },
      );
    } finally {
      await apart.close();
    }
  }

  /** To no queue at all: resolves where the broker would take such a message. */
  sendNowhere(content: Buffer): Promise<void> {
    return this.#send('ttg.nowhere', content, {}, 'application/octet-stream', false);
  }

  #send(
    queue: string,
    content: Buffer,
    headers: Record<string, unknown>,
    contentType: string,
    mandatory = true,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { queue, returned: false };
      const answered = (error: unknown): void => {
        this.#pending.delete(pending);
        if (pending.returned) reject(missingQueue(queue));
        else if (!error) resolve();
        else if (error instanceof Error && error.message === 'message nacked')
          reject(new Nacked(`RabbitMQ refused a message for queue ${queue}`));
        else {
          // Unconfirmed messages are told of the end before its reason is known.
          const gone = (): Error => this.#gone('before it confirmed a message', error, 'write', `queue ${queue}`);
          void this.ended.then(() => reject(gone()));
        }
      };
      try {
        this.#pending.add(pending);
        const room = this.channel.sendToQueue(
          queue,
          content,
          { persistent: true, mandatory, contentType, headers },
          answered,
        );
        if (!room) this.#drained ??= this.#drain();
      } catch (error) {
        if (error instanceof IllegalOperationError) return answered(error);
        this.#pending.delete(pending);
        reject(asError(error));
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
    const message = await this.rpc(queue, () => this.channel.get(queue));
    if (!message) return undefined;
    this.leased(message);
    return message;
  }

  /** Call for each message that a consumer of this channel got. */
  leased(message: Message): void {
    this.#unacknowledged.add(message.fields.deliveryTag);
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
      if (isMissingQueue(error)) throw missingQueue(queue, error);
      await this.close();
      throw this.#gone(`while it was asked about queue ${queue}`, error, 'read', `queue ${queue}`);
    }
  }

  /**
   * Acknowledges all of these by as few requests as it takes: one, where nothing older stays held.
   * @throws ConnectionLost
   */
  ack(...messages: Message[]): void {
    for (const { fields } of messages) this.#unacknowledged.delete(fields.deliveryTag);
    const [oldest = Infinity] = this.#unacknowledged;
    const sorted = messages.toSorted((a, b) => a.fields.deliveryTag - b.fields.deliveryTag);
    const together = sorted.findLast(({ fields }) => fields.deliveryTag < oldest);
    try {
      if (together) this.channel.ack(together, true);
      for (const message of sorted) if (message.fields.deliveryTag > oldest) this.channel.ack(message);
    } catch (error) {
      throw this.#gone('before a message was acknowledged', error, 'read', 'queues');
    }
  }

  #gone(when: string, error: unknown, right: 'write' | 'read', resource: string): Error {
    const cause = this.#end ?? error;
    return (
      refusal(cause, right, resource) ??
      new ConnectionLost(`RabbitMQ closed the channel ${when}: ${reasonText(cause)}`, { cause })
    );
  }

  async close(): Promise<void> {
    if (this.#alive) await closeChannel(this.channel);
  }
}
