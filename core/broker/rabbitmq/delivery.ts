/** One leased chunk: its confirmed publish first, then the acknowledgement. */
import type { Message } from 'amqplib';
import type { Delivery, Hooks } from '../port.js';
import { LeaseLost, type ChunkError } from '../../runtime/errors.js';
import type { Chunk } from '../../model/chunk.js';
import type { LogRecord, Result } from '../../wire/records.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { encodeRecord } from '../../wire/record-codec.js';
import { ConnectionLost } from './failure.js';
import { attemptHeaders, errorHeaders, toBody } from './codec.js';
import type { Session } from './session.js';
import type { Topology } from './topology.js';

export class RabbitDelivery implements Delivery {
  readonly #session: Session;
  readonly #message: Message;
  readonly #topology: Topology;
  readonly #settled: (delivery: RabbitDelivery) => void;
  readonly #hooks: Hooks;
  #state: 'held' | 'settling' | 'settled' | 'lost' = 'held';
  #settling: Promise<void> | undefined;

  constructor(
    readonly chunk: Chunk,
    readonly attempt: number,
    from: {
      session: Session;
      message: Message;
      topology: Topology;
      settled: (delivery: RabbitDelivery) => void;
      hooks: Hooks;
    },
  ) {
    this.#session = from.session;
    this.#message = from.message;
    this.#topology = from.topology;
    this.#settled = from.settled;
    this.#hooks = from.hooks;
  }

  isOf(session: Session): boolean {
    return this.#session === session;
  }

  complete(result: Result): Promise<void> {
    const { start, end, runId, chunkId } = this.chunk;
    return this.#settle(async () => {
      await this.#append({ kind: 'result', runId, chunkId, start, end, ...result, attempt: this.attempt });
      this.#hooks.recorded?.(this.chunk);
    });
  }

  retry(error: ChunkError): Promise<void> {
    const headers = { ...attemptHeaders(this.attempt), ...errorHeaders(error, new Date().toISOString()) };
    return this.#settle(() => this.#session.send(this.#topology.retry, this.#message.content, headers));
  }

  split(pieces: readonly Chunk[]): Promise<void> {
    return this.#settle(async () => {
      await Promise.all(pieces.map((piece) => this.#session.send(this.#topology.tasks, toBody(encodeChunk(piece)))));
    });
  }

  deadLetter(error: ChunkError, workerId: string, attempts = this.attempt): Promise<void> {
    const { start, end, runId, chunkId } = this.chunk;
    const completedAt = new Date().toISOString();
    const headers = { ...attemptHeaders(attempts), ...errorHeaders(error, completedAt, workerId) };
    return this.#settle(async () => {
      await this.#append({
        kind: 'dead',
        runId,
        chunkId,
        start,
        end,
        workerId,
        attempts,
        error: error.message,
        stackId: '',
        stack: error.stack ?? '',
        completedAt,
      });
      await this.#session.send(this.#topology.dlq, this.#message.content, headers);
    });
  }

  /** A copy with the count it came with: before RabbitMQ 4.3 a quorum queue counts a message that is requeued as one that died. */
  release(): Promise<void> {
    return this.#settle(() =>
      this.#session.send(this.#topology.tasks, this.#message.content, attemptHeaders(this.attempt - 1)),
    );
  }

  async extendLease(): Promise<void> {
    if (this.#state === 'lost' || !this.#session.alive) throw this.#leaseLost();
  }

  /** Resolves at the end of a settle under way, at once if there is none. Never rejects. */
  async settleEnded(): Promise<void> {
    await this.#settling?.catch(() => {});
  }

  /** Lets a settle under way finish, or releases; whoever settles afterwards learns that the lease is lost. Never rejects. */
  async giveBack(): Promise<void> {
    if (this.#state === 'held') await this.release().catch(() => {});
    else await this.#settling?.catch(() => {});
    this.#state = 'lost';
  }

  #append(record: LogRecord): Promise<void> {
    return this.#session.send(this.#topology.results, toBody(encodeRecord(record)));
  }

  async #settle(publish: () => Promise<void>): Promise<void> {
    if (this.#state === 'settled' || this.#state === 'settling') {
      throw new Error(
        `chunk ${this.chunk.chunkId} of run ${this.chunk.runId} was settled before: a delivery is settled once`,
      );
    }
    if (this.#state === 'lost' || !this.#session.alive) throw this.#leaseLost();
    this.#state = 'settling';
    this.#settling = this.#publishThenAck(publish);
    await this.#settling;
  }

  async #publishThenAck(publish: () => Promise<void>): Promise<void> {
    try {
      await publish();
      this.#session.ack(this.#message);
    } catch (error) {
      this.#state = error instanceof ConnectionLost ? 'lost' : 'held';
      throw error instanceof ConnectionLost ? this.#leaseLost(error) : error;
    }
    this.#state = 'settled';
    this.#settled(this);
  }

  #leaseLost(cause?: unknown): LeaseLost {
    return new LeaseLost(
      `chunk ${this.chunk.chunkId} of run ${this.chunk.runId}: the connection that held it is gone, RabbitMQ delivers it again`,
      { cause },
    );
  }
}
