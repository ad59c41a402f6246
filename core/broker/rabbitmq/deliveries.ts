/** From messages to deliveries; what is no chunk goes to the dead-letter queue instead. */
import type { Message } from 'amqplib';
import type { Hooks } from '../port.js';
import { asError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { Chunk } from '../../model/chunk.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { RabbitDelivery } from './delivery.js';
import { attemptOf, errorHeaders, fromBody } from './codec.js';
import type { Session } from './session.js';
import type { Topology } from './topology.js';

export class Deliveries {
  readonly #topology: Topology;
  readonly #log: Logger;
  readonly #held: Set<RabbitDelivery>;
  readonly #hooks: Hooks;

  /** @param held gets every delivery, and loses it when it is settled */
  constructor(topology: Topology, log: Logger, held: Set<RabbitDelivery>, hooks: Hooks) {
    this.#topology = topology;
    this.#log = log;
    this.#held = held;
    this.#hooks = hooks;
  }

  /** The oldest message that is a chunk. */
  async next(session: Session): Promise<RabbitDelivery | undefined> {
    for (;;) {
      const message = await session.get(this.#topology.tasks);
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
    const settled = (delivery: RabbitDelivery): void => void this.#held.delete(delivery);
    const delivery = new RabbitDelivery(chunk, attemptOf(message), {
      session,
      message,
      topology: this.#topology,
      settled,
      hooks: this.#hooks,
    });
    this.#held.add(delivery);
    return delivery;
  }

  /** Kept as it is, for people. */
  async #bury(session: Session, message: Message, error: Error): Promise<void> {
    const type: unknown = message.properties.contentType;
    const contentType = typeof type === 'string' ? type : 'application/octet-stream';
    await session.send(this.#topology.dlq, message.content, errorHeaders(error, new Date().toISOString()), contentType);
    session.ack(message);
    this.#log.warn(
      { reason: error.message, bytes: message.content.length, queue: this.#topology.dlq },
      'dead-lettered a message that is no chunk',
    );
  }
}
