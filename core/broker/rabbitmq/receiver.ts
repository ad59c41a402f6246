/** Receiving: leases what was asked for and nothing beyond it, and keeps suspicious chunks apart. */
import { backoff, delay } from '../../runtime/backoff.js';
import type { Delivery, ReceiveOptions } from '../port.js';
import type { Logger } from '../../runtime/logger.js';
import { ConnectionLost, Nacked } from './failure.js';
import { leaseMany } from './lease-many.js';
import type { RabbitDelivery, Surroundings } from './delivery.js';
import { Deliveries } from './deliveries.js';
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
export class Receiver {
  readonly #link: Link;
  readonly #topology: Topology;
  readonly #deliveries: Deliveries;
  readonly #patienceMs: number;
  readonly #calls = new Set<Promise<unknown>>();
  /** Leased and not settled. */
  readonly #held = new Set<RabbitDelivery>();
  #session: Session | undefined;
  #disposed = false;
  #opening: Promise<Session> | undefined;

  /** @param patienceMs how long looking into the queue may fail until receiving does */
  constructor(link: Link, log: Logger, patienceMs: number, around: Omit<Surroundings, 'settled'>) {
    this.#link = link;
    this.#topology = around.topology;
    this.#deliveries = new Deliveries(around, log, this.#held);
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
    return (this.#session = await Session.open(await this.#link.connection()));
  }

  async #lease(session: Session, max: number, signal: AbortSignal): Promise<RabbitDelivery[]> {
    for (const held of this.#held) {
      // The broker delivers again what a dead session held, be it that its last answer was read after its end.
      if (!held.isOf(session)) this.#held.delete(held);
      else if (held.attempt > 1) return [];
    }
    const waiting = await session.count(this.#topology.tasks);
    if (waiting === 0) return [];
    const first = await this.#deliveries.next(session);
    if (!first) return [];
    if (first.attempt > 1) {
      // What is being settled is no neighbour for long, and giving back means the end of the queue: a worker that settles its
      // last chunk while it asks for the next would put off a dead worker's chunk to the end of the run.
      await Promise.all([...this.#held].map((held) => held.settleEnded()));
      if (this.#held.size === 1) return [first];
      await first.giveBack();
      return [];
    }
    const leased = [first];
    const more = Math.min(max, waiting) - 1;
    if (more >= BULK_FROM) {
      for (const message of await leaseMany(session, this.#topology.tasks, more)) {
        const delivery = await this.#deliveries.adopt(session, message);
        if (delivery) leased.push(delivery);
      }
    } else {
      while (leased.length <= more && !signal.aborted) {
        const delivery = await this.#deliveries.next(session);
        if (!delivery) break;
        leased.push(delivery);
        if (delivery.attempt > 1) break;
      }
    }
    await Promise.all(leased.filter(({ attempt }) => attempt > 1).map((suspicious) => suspicious.giveBack()));
    return leased.filter(({ attempt }) => attempt === 1);
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
