/** One leased chunk: its confirmed publish first, then the acknowledgement. */
import type { ChannelModel, Message } from 'amqplib';
import type { Death, Delivery, Hooks, Settlement } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { LeaseLost, SettledBefore, Unrecordable } from '../../runtime/errors.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { LogRecord, Result } from '../../wire/records.js';
import { attemptHeaders, deathHeaders, errorHeaders, toBody } from './codec.js';
import { ConnectionLost } from './failure.js';
import { Session } from './session.js';
import type { Topology } from './topology.js';

/** What a delivery needs of the adapter. */
export interface Surroundings {
  readonly topology: Topology;
  readonly hooks: Hooks;
  readonly maxRecordBytes: number;
  /** Whether a connection still stands. */
  readonly isOpen: (connection: ChannelModel) => boolean;
  readonly settled: (delivery: RabbitDelivery) => void;
  /** Says to all workers that parameters of a run are dead. */
  readonly died: (session: Session, chunk: Chunk) => Promise<void>;
}

export class RabbitDelivery implements Delivery {
  readonly chunk: Chunk;
  readonly attempt: number;
  readonly #session: Session;
  readonly #message: Message;
  readonly #around: Surroundings;
  #state: 'held' | 'settling' | 'settled' | 'lost' = 'held';
  #settling: Promise<void> | undefined;

  constructor(chunk: Chunk, attempt: number, session: Session, message: Message, around: Surroundings) {
    this.chunk = chunk;
    this.attempt = attempt;
    this.#session = session;
    this.#message = message;
    this.#around = around;
  }

  isOf(session: Session): boolean {
    return this.#session === session;
  }

  /** undefined while the lease stands, or the delivery was settled. */
  leaseLost(): LeaseLost | undefined {
    if (this.#state === 'settled' || this.#state === 'settling') return undefined;
    return this.#state === 'lost' || !this.#session.alive ? this.#lost() : undefined;
  }

  /** @throws LeaseLost, Unrecordable, or an Error where it was settled before */
  settle(settlement: Settlement): Promise<void> {
    const { tasks, retry, parked } = this.#around.topology;
    const { content } = this.#message;
    switch (settlement.verb) {
      case 'complete':
        return this.#complete(settlement.result, settlement.rest);
      case 'retry': {
        const { error } = settlement;
        const headers = { ...attemptHeaders(this.attempt), ...errorHeaders(error, new Date().toISOString()) };
        return this.#settle(() => this.#session.send(retry, content, headers));
      }
      case 'split':
        return this.#settle(() => this.#publish(settlement.pieces));
      case 'dead-letter':
        return this.#settle(() => this.#bury(settlement.death));
      case 'release':
        // A copy with the count it came with: before RabbitMQ 4.3 a quorum queue counts what is requeued as a death.
        return this.#settle(() => this.#session.send(tasks, content, attemptHeaders(this.attempt - 1)));
      case 'park':
        return this.#settle(() => this.#session.send(parked, content));
      case 'discard':
        return this.#settle(() => Promise.resolve());
    }
  }

  /** Resolves at the end of a settle under way, at once if there is none. Never rejects. */
  async settleEnded(): Promise<void> {
    await this.#settling?.catch(() => {});
  }

  /** Lets a settle under way finish, or releases; whoever settles afterwards learns that the lease is lost. Never rejects. */
  async giveBack(): Promise<void> {
    if (this.#state === 'held') await this.settle({ delivery: this, verb: 'release' }).catch(() => {});
    else await this.#settling?.catch(() => {});
    this.#state = 'lost';
  }

  #complete(result: Result, rest: readonly Chunk[] | undefined): Promise<void> {
    const { start, end, runId, chunkId } = this.chunk;
    const finished = rest?.[0] ? rest[0].start - 1 : end;
    const record: LogRecord = {
      kind: 'result',
      runId,
      chunkId,
      start,
      end: finished,
      ...result,
      attempt: this.attempt,
    };
    const body = toBody(encodeRecord(record));
    const most = this.#around.maxRecordBytes;
    if (body.length > most) {
      const why =
        `the record of chunk ${chunkId} has ${body.length} bytes, and RabbitMQ takes ${most} in one message: make smaller ` +
        'chunks (CHUNK_SIZE; chart: run.chunkSize), or keep no values (run.keepValues)';
      return Promise.reject(new Unrecordable(why));
    }
    const settling = this.#settle(async () => {
      await this.#session.send(this.#around.topology.results, body);
      if (rest) await this.#publish(rest);
      this.#around.hooks.recorded?.(this.chunk);
    });
    return settling.catch(async (error: unknown) => {
      if (!(error instanceof LeaseLost) || !(await this.#recordLate(body))) throw error;
      throw new LeaseLost(`${error.message} The result is recorded nevertheless`, { cause: error.cause });
    });
  }

  /**
   * Where the broker ended the lease for a limit of its own and the connection stands, the result is as good as any: it is
   * recorded, and counted once.
   */
  async #recordLate(body: Buffer): Promise<boolean> {
    if (this.#session.alive || !this.#around.isOpen(this.#session.connection)) return false;
    try {
      const session = await Session.open(this.#session.connection);
      await session.send(this.#around.topology.results, body).finally(() => session.close());
      return true;
    } catch {
      return false;
    }
  }

  async #publish(pieces: readonly Chunk[]): Promise<void> {
    const { tasks } = this.#around.topology;
    await Promise.all(pieces.map((piece) => this.#session.send(tasks, toBody(encodeChunk(piece)))));
  }

  async #bury(death: Death): Promise<void> {
    const { start, end, runId, chunkId } = this.chunk;
    const { attempts, workerId, stackId, stack, error } = death;
    const completedAt = new Date().toISOString();
    const { results, dlq } = this.#around.topology;
    const record: LogRecord = {
      kind: 'dead',
      runId,
      chunkId,
      start,
      end,
      workerId,
      attempts,
      error: error.message,
      stackId,
      stack,
      completedAt,
    };
    await this.#session.send(results, toBody(encodeRecord(record)));
    await this.#session.send(dlq, this.#message.content, deathHeaders(death, completedAt));
    await this.#around.died(this.#session, this.chunk);
  }

  async #settle(publish: () => Promise<void>): Promise<void> {
    if (this.#state === 'settled' || this.#state === 'settling') {
      throw new SettledBefore(
        `chunk ${this.chunk.chunkId} of run ${this.chunk.runId} was settled before: a delivery is settled once`,
      );
    }
    if (this.#state === 'lost' || !this.#session.alive) throw this.#lost();
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
      throw error instanceof ConnectionLost ? this.#lost(error) : error;
    }
    this.#state = 'settled';
    this.#around.settled(this);
  }

  #lost(cause?: unknown): LeaseLost {
    const { runId, chunkId } = this.chunk;
    return new LeaseLost(
      `chunk ${chunkId} of run ${runId} is not leased to this worker any more, RabbitMQ delivers it again: ${this.#session.reason}.`,
      { cause },
    );
  }
}
