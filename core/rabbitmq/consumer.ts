/** Receiving: a consumer whose prefetch follows what is asked for, and which keeps suspicious chunks apart. */
import type { ConsumeMessage } from 'amqplib';
import { backoff, delay } from '../backoff.js';
import type { Delivery, ReceiveOptions } from '../broker.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { decodeChunk } from '../messages.js';
import { ConnectionLost, isMissingQueue } from './amqp-error.js';
import { RabbitDelivery } from './delivery.js';
import { attemptOf, errorHeaders, fromBody } from './envelope.js';
import type { Link } from './link.js';
import { Session } from './session.js';
import type { Topology } from './topology.js';

/** What the broker needs to hand out what is ready; the least that a look takes. */
const LOOK_MS = 30;
const UNLIMITED = 65_535;

/**
 * A chunk whose attempt is 2 or more may kill its worker, and a death counts against everything the worker holds, begun or
 * not. So such a chunk is held alone: whenever one arrives beside others the consumer is cancelled, the suspicious ones are
 * given back (at no cost), and consuming goes on with a prefetch of 1 once nothing is held. From there the prefetch
 * doubles with every receipt of new chunks.
 */
export class Consumer {
  readonly #link: Link;
  readonly #topology: Topology;
  readonly #log: Logger;
  #session: Session | undefined;
  #tag: string | undefined;
  #prefetch = 0;
  #ceiling = UNLIMITED;
  #buffer: RabbitDelivery[] = [];
  /** Leased and not settled: what is in the buffer and what was handed out. */
  readonly #held = new Set<RabbitDelivery>();
  readonly #background = new Set<Promise<void>>();
  #isolating: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(link: Link, topology: Topology, log: Logger) {
    this.#link = link;
    this.#topology = topology;
    this.#log = log;
  }

  async receive({ max, waitMs, signal }: ReceiveOptions): Promise<Delivery[]> {
    const deadline = performance.now() + Math.max(waitMs, LOOK_MS);
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#tend(max);
      } catch (error) {
        if (isMissingQueue(error) || !(error instanceof ConnectionLost)) throw error;
        await delay(backoff(++failures), signal);
        continue;
      }
      const taken = this.#take(max);
      if (taken.length > 0) return taken;
      const left = deadline - performance.now();
      if (left <= 0) break;
      await this.#news(left, signal);
    }
    return [];
  }

  /** Sees to a live session and, unless something is buffered, to a consumer with credit. */
  async #tend(max: number): Promise<void> {
    const session = this.#session?.alive ? this.#session : await this.#reopen();
    await this.#isolating;
    if (this.#buffer.length > 0) return;
    const want = Math.min(max, this.#ceiling);
    if (this.#tag !== undefined && this.#prefetch === want && this.#outstanding() < want) return;
    await this.#cancel(session);
    // What was under way when the cancel went out is here by now, and comes first.
    if (this.#buffer.length > 0 || (this.#ceiling === 1 && this.#held.size > 0)) return this.#isolating;
    await this.#consume(session, want);
  }

  async #reopen(): Promise<Session> {
    const session = await Session.open(await this.#link.connection());
    this.#session = session;
    session.onClose(() => this.#forget(session));
    return session;
  }

  /** The broker delivers again what the dead session held. */
  #forget(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#tag = undefined;
    this.#buffer = [];
    this.#held.clear();
    this.#wake();
  }

  async #consume(session: Session, prefetch: number): Promise<void> {
    try {
      await session.channel.prefetch(prefetch);
      this.#prefetch = prefetch;
      const { consumerTag } = await session.channel.consume(this.#topology.tasks, (message) => this.#arrived(session, message));
      this.#tag = consumerTag;
    } catch (error) {
      if (isMissingQueue(error)) {
        throw new Error(`RabbitMQ has no queue ${this.#topology.tasks}: it was deleted, or the seeder has not made it yet; deploy the seeder again`, { cause: error });
      }
      await session.close();
      throw new ConnectionLost('RabbitMQ did not let us consume', { cause: error });
    }
  }

  /** Unsettled deliveries stay leased to the channel; only the flow of further ones ends. */
  async #cancel(session: Session): Promise<void> {
    const tag = this.#tag;
    this.#tag = undefined;
    if (tag === undefined || !session.alive) return;
    await session.channel.cancel(tag).catch((error: unknown) => {
      throw new ConnectionLost('RabbitMQ closed the channel', { cause: error });
    });
  }

  #arrived(session: Session, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker ended the consumer: its queue was deleted, or moved to another node.
      this.#tag = undefined;
      return this.#wake();
    }
    try {
      const chunk = decodeChunk(fromBody(message.content));
      const settled = (delivery: RabbitDelivery): void => {
        this.#held.delete(delivery);
        this.#wake();
      };
      const delivery = new RabbitDelivery(chunk, attemptOf(message), { session, message, topology: this.#topology, settled });
      this.#held.add(delivery);
      this.#buffer.push(delivery);
      const alone = this.#held.size === 1 && this.#prefetch === 1;
      if (delivery.attempt > 1 && !alone) this.#isolating ??= this.#isolate(session).finally(() => (this.#isolating = undefined));
    } catch (error) {
      this.#inBackground(this.#bury(session, message, asError(error)));
    }
    this.#wake();
  }

  async #isolate(session: Session): Promise<void> {
    this.#ceiling = 1;
    try {
      await this.#cancel(session);
    } catch {
      return; // the channel is gone, and everything with it
    }
    const suspicious = this.#buffer.filter((delivery) => delivery.attempt > 1);
    const kept = this.#held.size === suspicious.length ? suspicious.shift() : undefined;
    this.#buffer = kept ? [kept] : this.#buffer.filter((delivery) => delivery.attempt === 1);
    await Promise.all(suspicious.map((delivery) => delivery.giveBack()));
  }

  /** Bytes that are no chunk are kept, as they are, for people. */
  async #bury(session: Session, message: ConsumeMessage, error: Error): Promise<void> {
    const time = new Date().toISOString();
    await session.send(this.#topology.dlq, message.content, errorHeaders(error, time), String(message.properties.contentType ?? 'application/octet-stream'));
    session.ack(message);
    this.#log.warn({ reason: error.message, bytes: message.content.length, queue: this.#topology.dlq }, 'dead-lettered a message that is no chunk');
  }

  #inBackground(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        if (!(error instanceof ConnectionLost)) this.#log.error({ reason: asError(error).message }, 'could not dead-letter a message');
      })
      .finally(() => this.#background.delete(watched));
    this.#background.add(watched);
  }

  #take(max: number): RabbitDelivery[] {
    if (this.#isolating) return [];
    const taken = this.#buffer.splice(0, max);
    if (taken[0]?.attempt === 1) this.#ceiling = Math.min(this.#ceiling * 2, UNLIMITED);
    return taken;
  }

  /** How much of the present consumer's credit is used. */
  #outstanding(): number {
    let count = 0;
    for (const delivery of this.#held) if (delivery.consumerTag === this.#tag) count++;
    return count;
  }

  async #news(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await delay(ms, AbortSignal.any([signal, woken.signal]));
    this.#wake = () => {};
  }

  /** Gives back whatever is not settled. Ends when that is done or the session dies. */
  async dispose(): Promise<void> {
    const session = this.#session;
    if (!session?.alive) return;
    await this.#isolating;
    await this.#cancel(session).catch(() => {});
    await this.#isolating;
    this.#buffer = [];
    await Promise.all([...this.#held].map((delivery) => delivery.giveBack()).concat([...this.#background]));
  }
}
