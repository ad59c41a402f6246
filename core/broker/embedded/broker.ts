/** The port on the coordinator: puts the parts together and keeps the deliveries that are not settled. */
import { delay } from '../../runtime/backoff.js';
import type {
  Broker,
  Capacity,
  Concern,
  ConnectOptions,
  Delivery,
  Depth,
  ReceiveOptions,
  RunState,
  Seeding,
  Settlement,
  Traits,
} from '../port.js';
import type { Config } from '../../runtime/config.js';
import type { LeaseLost } from '../../runtime/errors.js';
import type { DeadLetter } from '../../wire/dead-letter.js';
import type { HaltReason, LogEntry } from '../../wire/records.js';
import { readConcerns } from './concerns.js';
import { changeDeadLetters, listDeadLetters } from './dead-letters.js';
import type { EmbeddedDelivery } from './delivery.js';
import { staleAfterMs } from '../stale.js';
import { readCapacity } from './depth.js';
import { ConnectionLost } from './failure.js';
import type { Link } from './link.js';
import { readRecords } from './log.js';
import { Receiver } from './receiver.js';
import { haltRun, readRunStates, resumeRun } from './run-state.js';
import { SeederLock } from './seeder-lock.js';
import { EmbeddedSeeding } from './seeding.js';
import type { Session } from './session.js';
import { Settler } from './settler.js';

/** Disposal is a courtesy to others, who recover without it: it may not hold up the end of the process. */
const DISPOSE_MS = 2000;

export class EmbeddedBroker implements Broker {
  readonly traits: Traits;
  readonly #link: Link;
  readonly #settler: Settler;
  readonly #receiver: Receiver;
  /** Without what is settled. */
  readonly #held = new Set<EmbeddedDelivery>();

  /** @param link connected; the broker's own from now on */
  constructor(config: Config, link: Link, { hooks = {} }: ConnectOptions) {
    this.traits = { listsQueue: true, deletesRecords: false, silenceMs: staleAfterMs(config), lagMs: 0, quietMs: 0 };
    this.#link = link;
    this.#settler = new Settler(link, this.#held, hooks);
    this.#receiver = new Receiver(link, (unwanted) => {
      void this.settle(unwanted.map((delivery) => ({ delivery, verb: 'release' }))).catch(() => undefined);
    });
  }

  /** The coordinator has made all there is when it says hello. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  concerns(): Promise<Concern[]> {
    return readConcerns(this.#link);
  }

  async seeding(): Promise<Seeding> {
    return new EmbeddedSeeding(this.#link, await SeederLock.take(this.#link));
  }

  async receive(options: ReceiveOptions): Promise<Delivery[]> {
    const deliveries = await this.#receiver.next(options);
    for (const delivery of deliveries) this.#held.add(delivery);
    return deliveries;
  }

  settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    return this.#settler.settle(settlements);
  }

  async extendLeases(deliveries: readonly Delivery[]): Promise<(LeaseLost | undefined)[]> {
    const all = deliveries as readonly EmbeddedDelivery[];
    const kept = new Set<EmbeddedDelivery>();
    const sessions = new Set<Session>(all.map(({ session }) => session));
    for (const session of sessions) {
      const held = all.filter((delivery) => delivery.session === session);
      const leases = held.map(({ id, attempt }) => [id, attempt] as const);
      try {
        const { header } = await this.#link.untilGivenUp(session.ask<'extend'>({ op: 'extend', leases }));
        held.forEach((delivery, i) => header.done[i] === 1 && kept.add(delivery));
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
    // A heartbeat may come after the settle that ended the lease.
    return all.map((one) => (kept.has(one) || one.settledBy !== undefined ? undefined : one.lost()));
  }

  records(options?: { readonly follow?: AbortSignal }): AsyncIterable<LogEntry> {
    return readRecords(this.#link, options?.follow);
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return listDeadLetters(this.#link);
  }

  replay(ids: readonly string[]): Promise<string[]> {
    return changeDeadLetters(this.#link, 'replay', ids);
  }

  drop(ids: readonly string[]): Promise<string[]> {
    return changeDeadLetters(this.#link, 'drop', ids);
  }

  runStates(): Promise<Map<string, RunState>> {
    return readRunStates(this.#link);
  }

  halt(runId: string, reason: HaltReason, error?: string): Promise<void> {
    return haltRun(this.#link, { runId, reason, ...(error === undefined ? {} : { error }) });
  }

  resume(runId: string): Promise<number> {
    return resumeRun(this.#link, runId);
  }

  async depth(): Promise<Depth> {
    const {
      ready,
      leased,
      holders = 0,
      stale,
      delayed,
      dead,
      parked,
    } = (await this.#link.ask<'depth'>({ op: 'depth' })).header;
    return { ready, leased, holders, stale, delayed, dead, parked };
  }

  capacity(): Promise<Capacity> {
    return readCapacity(this.#link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#link.takeLeave();
    const tooLong = new AbortController();
    await Promise.race([this.#giveBack().catch(() => undefined), delay(DISPOSE_MS, tooLong.signal)]);
    tooLong.abort();
    this.#link.close();
  }

  /** A settle under way wins over the release, or finds its lease gone. */
  async #giveBack(): Promise<void> {
    const open = [...this.#held].filter(({ settledBy, session }) => settledBy === undefined && session.alive);
    if (open.length > 0) await this.settle(open.map((delivery) => ({ delivery, verb: 'release' })));
  }
}
