/** From messages to deliveries; what is no chunk goes to the dead-letter queue instead. */
import type { Message } from 'amqplib';
import { asError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { Chunk } from '../../model/chunk.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { attemptOf, errorHeaders, fromBody, shortened } from './codec.js';
import { RabbitDelivery } from './delivery.js';
import type { RunStates } from './run-state.js';
import type { Session } from './session.js';
import type { Topology } from './topology.js';

export class Deliveries {
  readonly #topology: Topology;
  readonly #states: RunStates;
  readonly #log: Logger;
  readonly #held: Set<RabbitDelivery>;

  /** @param held gets every delivery */
  constructor(topology: Topology, states: RunStates, log: Logger, held: Set<RabbitDelivery>) {
    this.#topology = topology;
    this.#states = states;
    this.#log = log;
    this.#held = held;
  }

  /** The oldest message that is a chunk to compute. */
  async next(session: Session): Promise<RabbitDelivery | undefined> {
    for (;;) {
      const message = await session.get(this.#topology.tasks);
      if (!message) return undefined;
      const delivery = await this.adopt(session, message);
      if (delivery) return delivery;
    }
  }

  /** undefined where nothing is to be computed: the message is settled by then. */
  async adopt(session: Session, message: Message): Promise<RabbitDelivery | undefined> {
    let chunk: Chunk;
    try {
      chunk = decodeChunk(fromBody(message.content));
    } catch (error) {
      await this.#bury(session, message, asError(error));
      return undefined;
    }
    let attempt = attemptOf(message);
    // What was started before may have ended otherwise than the broker's count says.
    if (attempt > 1) {
      await this.#states.catchUp();
      if (this.#states.isRecorded(chunk.runId, chunk)) {
        session.ack(message);
        const fields = { run_id: chunk.runId, chunk_id: chunk.chunkId, attempt };
        this.#log.info(fields, 'chunk has its result from a worker whose lease the broker had ended');
        return undefined;
      }
      attempt = Math.max(1, attempt - this.#states.undue(chunk.runId, chunk));
    }
    const delivery = new RabbitDelivery(chunk, attempt, session, message);
    this.#held.add(delivery);
    return delivery;
  }

  /** Kept as it is, for people. */
  async #bury(session: Session, message: Message, error: Error): Promise<void> {
    const type: unknown = message.properties.contentType;
    const contentType = typeof type === 'string' ? type : 'application/octet-stream';
    const headers = errorHeaders(error, new Date().toISOString());
    await session.send(this.#topology.dlq, message.content, headers, contentType);
    session.ack(message);
    this.#log.warn(
      { reason: shortened(error.message), bytes: message.content.length, queue: this.#topology.dlq },
      'dead-lettered a message that is no chunk',
    );
  }
}
