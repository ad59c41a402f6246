/** From messages to deliveries; what is no chunk goes to the dead-letter queue instead. */
import type { Message } from 'amqplib';
import { asError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { Chunk } from '../../model/chunk.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { RabbitDelivery, type Surroundings } from './delivery.js';
import { attemptOf, errorHeaders, fromBody } from './codec.js';
import type { Session } from './session.js';

export class Deliveries {
  readonly #around: Surroundings;
  readonly #log: Logger;
  readonly #held: Set<RabbitDelivery>;

  /** @param held gets every delivery, and loses it when it is settled */
  constructor(around: Omit<Surroundings, 'settled'>, log: Logger, held: Set<RabbitDelivery>) {
    this.#around = { ...around, settled: (delivery) => void held.delete(delivery) };
    this.#log = log;
    this.#held = held;
  }

  /** The oldest message that is a chunk. */
  async next(session: Session): Promise<RabbitDelivery | undefined> {
    for (;;) {
      const message = await session.get(this.#around.topology.tasks);
      if (!message) return undefined;
      const delivery = await this.adopt(session, message);
      if (delivery) return delivery;
    }
  }

  async adopt(session: Session, message: Message): Promise<RabbitDelivery | undefined> {
    let chunk: Chunk;
    try {
      chunk = decodeChunk(fromBody(message.content));
    } catch (error) {
      await this.#bury(session, message, asError(error));
      return undefined;
    }
    const delivery = new RabbitDelivery(chunk, attemptOf(message), session, message, this.#around);
    this.#held.add(delivery);
    return delivery;
  }

  /** Kept as it is, for people. */
  async #bury(session: Session, message: Message, error: Error): Promise<void> {
    const type: unknown = message.properties.contentType;
    const contentType = typeof type === 'string' ? type : 'application/octet-stream';
    await session.send(
      this.#around.topology.dlq,
      message.content,
      errorHeaders(error, new Date().toISOString()),
      contentType,
    );
    session.ack(message);
    this.#log.warn(
      { reason: error.message, bytes: message.content.length, queue: this.#around.topology.dlq },
      'dead-lettered a message that is no chunk',
    );
  }
}
