/** Receiving: leases what was asked for and nothing beyond it, and keeps suspicious chunks apart. */
import { backoff, delay } from '../../runtime/backoff.js';
import type { Delivery, ReceiveOptions } from '../port.js';
import { asError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { ConnectionLost, Nacked } from './failure.js';
import { leaseMany } from './lease-many.js';
import type { RabbitDelivery } from './delivery.js';
import { Deliveries } from './deliveries.js';
import type { Link } from './link.js';
import { rangeOf, type RunStates } from './run-state.js';
import { Session } from './session.js';
import type { Settler } from './settler.js';

/** Looking is a passive declare, which costs the broker no write; an idle worker looks less and less often. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;
/** From so many messages on leaseMany is faster than one basic.get for each. */
const MANY = 5;
/** What was received so shortly after the oldest was received with it. */
const TOGETHER_MS = 1000;

export interface ReceiverOptions {
  readonly link: Link;
  readonly queue: string;
  readonly settler: Settler;
  readonly states: RunStates;
  readonly log: Logger;
  /** Leased and not settled. */
  readonly held: Set<RabbitDelivery>;
  /** Makes deliveries of messages. */
  readonly deliveries: Deliveries;
  /** How long looking into the queue may fail until receiving does. */
  readonly patienceMs: number;
}

/**
 * There is no standing consumer. A prefetched message is leased, so the death of its worker counts against it though
 * nobody began it, it is withheld from idle workers, and a consumer cannot be cancelled without a race (see
 * lease-many.ts).
 *
 * A chunk whose attempt is 2 or more may kill its worker, so it is leased alone: the first message is fetched by
 * itself, and only if it is new do others join it. Suspicious ones that come along are given back, at no cost.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #calls = new Set<Promise<unknown>>();
  #session: Session | undefined;
  #disposed = false;
  #opening: Promise<Session> | undefined;
  #telling: Promise<void> | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
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
        if (!passes || performance.now() - failingSince > this.#options.patienceMs) throw error;
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
    // What this worker says of the chunks that it held decides how they are counted when they come back to it.
    await this.#telling;
    const session = await Session.open(await this.#options.link.connection());
    void session.ended.then(() => (this.#telling = this.#tellUndue(session)));
    return (this.#session = session);
  }

  /**
   * The broker counts what returns to the queue as the death of a worker. Where it closed the channel for a limit of
   * its own this one lives, and says so. What took so long that the limit was passed goes on: its result is recorded.
   */
  async #tellUndue(session: Session): Promise<void> {
    const { states, log } = this.#options;
    const held = [...this.#options.held].filter(
      (delivery) => delivery.session === session && delivery.state !== 'settled',
    );
    if (!session.endedByLimit || held.length === 0) return;
    log.warn({ reason: session.reason, chunks: held.length }, 'RabbitMQ took back what this worker holds');
    const oldest = Math.min(...held.map(({ receivedAt }) => receivedAt));
    for (const delivery of held) delivery.outlived = delivery.receivedAt - oldest < TOGETHER_MS;
    try {
      for (const runId of new Set(held.map(({ chunk }) => chunk.runId))) {
        const ofRun = held.filter(({ chunk }) => chunk.runId === runId);
        await states.tell({ run_id: runId, undue: ofRun.map(({ chunk }) => rangeOf(chunk)) });
      }
    } catch (error) {
      log.warn({ reason: asError(error).message }, 'chunks lost an attempt without fault');
    }
  }

  async #lease(session: Session, max: number, signal: AbortSignal): Promise<RabbitDelivery[]> {
    const { held, queue, settler, deliveries } = this.#options;
    for (const each of held) {
      // The broker delivers again what a dead session held, be it that its last answer was read after its end.
      if (each.session !== session) held.delete(each);
      else if (each.attempt > 1) return [];
    }
    const waiting = await session.count(queue);
    if (waiting === 0) return [];
    const first = await deliveries.next(session);
    if (!first) return [];
    if (first.attempt > 1) {
      // What is being settled is no neighbour for long, and giving back means the end of the queue: a worker that
      // settles its last chunk while it asks for the next would put off a dead worker's chunk to the end of the run.
      await Promise.all([...held].map((each) => each.settleEnded()));
      if (held.size === 1) return [first];
      await settler.giveBack([first]);
      return [];
    }
    const leased = [first];
    const more = Math.min(max, waiting) - 1;
    if (more >= MANY) {
      for (const message of await leaseMany(session, queue, more)) {
        const delivery = await deliveries.adopt(session, message);
        if (delivery) leased.push(delivery);
      }
    } else {
      while (leased.length <= more && !signal.aborted) {
        const delivery = await deliveries.next(session);
        if (!delivery) break;
        leased.push(delivery);
        if (delivery.attempt > 1) break;
      }
    }
    await settler.giveBack(leased.filter(({ attempt }) => attempt > 1));
    return leased.filter(({ attempt }) => attempt === 1);
  }

  /** Gives back whatever is not settled. Ends when that is done or the session dies. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.allSettled(this.#calls);
    await this.#options.settler.giveBack([...this.#options.held]);
    // The close of a connection overtakes what its channels still have to write, and acknowledgements with it.
    await this.#session?.close();
  }
}
