/** Keeps the leases of everything a worker holds, from a timer of the main thread, while chunks compute on another. */
import { asError, LeaseLost } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';

/** All that the keeper needs of a delivery. */
export interface Leased {
  extendLease(): Promise<void>;
}

export class LeaseKeeper implements Disposable {
  readonly #held = new Set<Leased>();
  readonly #lost = new WeakSet<Leased>();
  readonly #timer: NodeJS.Timeout;
  readonly #log: Logger;

  /** Three heartbeats a lease: two may be late or lost before someone else takes over. */
  constructor(staleThresholdMs: number, log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => void this.#extendAll(), staleThresholdMs / 3);
  }

  hold(deliveries: readonly Leased[]): void {
    for (const delivery of deliveries) this.#held.add(delivery);
  }

  /** The delivery is being settled or is settled: no more heartbeats. */
  letGo(delivery: Leased): void {
    this.#held.delete(delivery);
  }

  /** Whether someone else has taken the delivery over: what is computed for it is to be dropped. */
  isLost(delivery: Leased): boolean {
    return this.#lost.has(delivery);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #extendAll(): Promise<void> {
    await Promise.all([...this.#held].map((delivery) => this.#extend(delivery)));
  }

  async #extend(delivery: Leased): Promise<void> {
    try {
      await delivery.extendLease();
    } catch (thrown) {
      // A heartbeat that failed otherwise is not the end: the next one, or the settle, will tell.
      if (!(thrown instanceof LeaseLost)) return this.#log.warn({ error: asError(thrown).message }, 'heartbeat failed');
      this.#lost.add(delivery);
      this.letGo(delivery);
    }
  }
}
