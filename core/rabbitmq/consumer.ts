/** Receiving: leases what was asked for and nothing beyond it, and keeps suspicious chunks apart. */
import type { Message } from 'amqplib';
import { backoff, delay } from '../backoff.js';
import type { Delivery, ReceiveOptions } from '../broker.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { decodeChunk, type Chunk } from '../messages.js';
import { ConnectionLost, Nacked } from './amqp-error.js';
import { leaseBulk } from './bulk.js';
import { RabbitDelivery } from './delivery.js';
import { attemptOf, errorHeaders, fromBody } from './envelope.js';
import type { Link } from './link.js';
import { Session } from './session.js';
import type { Topology } from './topology.js';

/** Looking is a passive declare, which costs the broker no write; an idle worker looks less and less often. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;
/** From so many messages on a bulk is faster than one basic.get for each. */
const BULK_FROM = 5;

/**
 * There is no standing consumer. A prefetched message is leased, so the death of its worker counts against it though
 * nobody began it, it is withheld from idle workers, and a consumer cannot be cancelled without a race (see bulk.ts).
 *
 * A chunk whose attempt is 2 or more may kill its worker, so it is leased alone: the first message is fetched by itself, and
 * only if it is new do others join it. Suspicious ones that come along are given back, at no cost.
 */
export class Consumer {
  readonly #link: Link;
  readonly #topology: Topology;
  readonly #log: Logger;
  readonly #patienceMs: number;
  readonly #calls = new Set<Promise<unknown>>();
  /** Leased and not settled. */
  readonly #held = new Set<RabbitDelivery>();
  #session: Session | undefined;
  #disposed = false;
  #opening: Promise<Session> | undefined;

  /** @param patienceMs how long looking into the queue may fail until receiving does */
  constructor(link: Link, topology: Topology, log: Logger, patienceMs: number) {
    this.#link = link;
    this.#topology = topology;
    this.#log = log;
    this.#patienceMs = patienceMs;
  }

  receive({ max, waitMs, signal }: ReceiveOptions): Promise<Delivery[]> {
    const call = this.#receive(max, waitMs, signal).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
    return call;
  }

  async #receive(max: number, waitMs: number, signal: AbortSignal): Promise<Delivery[]> {
    const deadline = performance.now() + waitMs;
    let pause = FIRST_PAUSE_MS;
    let failures = 0;
    let failingSince = 0;
    while (!signal.aborted && !this.#disposed) {
      try {
        const leased = await this.#lease(await this.#live(), max, signal);
        if (leased.length > 0) return leased;
        failures = 0;
      } catch (error) {
        if (signal.aborted || this.#disposed) return [];
        if (failures === 0) failingSince = performance.now();
        const passes = error instanceof ConnectionLost || error instanceof Nacked;
        if (!passes || performance.now() - failingSince > this.#patienceMs) throw error;
        // A look that failed says nothing about the queue: it is repeated, however long the caller meant to wait.
        await delay(backoff(++failures), signal);
        continue;
      }
      const left = deadline - performance.now();
      if (left <= 0) break;
      await delay(Math.min(left, pause), signal);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
    return [];
  }

  async #live(): Promise<Session> {
    if (this.#session?.alive) return this.#session;
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const session = await Session.open(await this.#link.connection());
    // The broker delivers again what a dead session held.
    session.onClose(() => this.#held.forEach((delivery) => delivery.isOf(session) && this.#held.delete(delivery)));
    this.#session = session;
    return session;
  }

  async #lease(session: Session, max: number, signal: AbortSignal): Promise<RabbitDelivery[]> {
    const beside = this.#held.size;
    for (const held of this.#held) if (held.attempt > 1) return [];
    const waiting = await session.count(this.#topology.tasks);
    if (waiting === 0) return [];
    const first = await this.#next(session);
    if (!first) return [];
    if (first.attempt > 1) {
      if (beside === 0) return [first];
      await first.giveBack();
      return [];
    }
    const leased = [first];
    const more = Math.min(max, waiting) - 1;
    if (more >= BULK_FROM) {
      for (const message of await leaseBulk(session, this.#topology.tasks, more)) {
        const delivery = await this.#adopt(session, message);
        if (delivery) leased.push(delivery);
      }
    } else {
      while (leased.length <= more && !signal.aborted) {
        const delivery = await this.#next(session);
        if (!delivery) break;
        leased.push(delivery);
        if (delivery.attempt > 1) break;
      }
    }
    await Promise.all(leased.filter(({ attempt }) => attempt > 1).map((suspicious) => suspicious.giveBack()));
    return leased.filter(({ attempt }) => attempt === 1);
  }

  /** The oldest message that is a chunk. */
  async #next(session: Session): Promise<RabbitDelivery | undefined> {
    for (;;) {
      const message = await session.get(this.#topology.tasks);
      if (!message) return undefined;
      const delivery = await this.#adopt(session, message);
      if (delivery) return delivery;
    }
  }

  async #adopt(session: Session, message: Message): Promise<RabbitDelivery | undefined> {
    let chunk: Chunk;
    try {
      chunk = decodeChunk(fromBody(message.content));
    } catch (error) {
      await this.#bury(session, message, asError(error));
      return undefined;
    }
    const settled = (delivery: RabbitDelivery): void => void this.#held.delete(delivery);
    const delivery = new RabbitDelivery(chunk, attemptOf(message), { session, message, topology: this.#topology, settled });
    this.#held.add(delivery);
    return delivery;
  }

  /** Bytes that are no chunk are kept, as they are, for people. */
  async #bury(session: Session, message: Message, error: Error): Promise<void> {
    const type: unknown = message.properties.contentType;
    const contentType = typeof type === 'string' ? type : 'application/octet-stream';
    await session.send(this.#topology.dlq, message.content, errorHeaders(error, new Date().toISOString()), contentType);
    session.ack(message);
    this.#log.warn({ reason: error.message, bytes: message.content.length, queue: this.#topology.dlq }, 'dead-lettered a message that is no chunk');
  }

  /** Gives back whatever is not settled. Ends when that is done or the session dies. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.allSettled(this.#calls);
    await Promise.all([...this.#held].map((delivery) => delivery.giveBack()));
    // The close of a connection overtakes what its channels still have to write, and acknowledgements with it.
    await this.#session?.close();
  }
}
