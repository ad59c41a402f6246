/** Keeps the leases of everything a worker holds, from a timer of the main thread, while chunks compute on another. */
import type { Broker, Delivery } from '../core/broker/port.js';
import { asError, type LeaseLost } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';

/** Three heartbeats a lease: two may be late or lost before someone else takes over. */
const BEATS = 3;

export interface LeasesOptions {
  readonly broker: Pick<Broker, 'extendLeases'>;
  readonly staleThresholdMs: number;
  readonly log: Logger;
  /** Called with each heartbeat, after the leases are renewed. */
  readonly beat: () => Promise<void>;
}

export class Leases implements Disposable {
  readonly #options: LeasesOptions;
  readonly #held = new Set<Delivery>();
  readonly #lost = new WeakMap<Delivery, LeaseLost>();
  readonly #timer: NodeJS.Timeout;
  #beating = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#beat(), options.staleThresholdMs / BEATS);
  }

  /** How many deliveries are held, those that are being settled included. */
  get count(): number {
    return this.#held.size;
  }

  hold(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#held.add(delivery);
  }

  /** The delivery is settled: no more heartbeats. */
  letGo(delivery: Delivery): void {
    this.#held.delete(delivery);
  }

  /** Set where someone else has taken the delivery over: what is computed for it is to be dropped. */
  lost(delivery: Delivery): LeaseLost | undefined {
    return this.#lost.get(delivery);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #beat(): Promise<void> {
    // A broker that is away answers late: one question at a time.
    if (this.#beating) return;
    this.#beating = true;
    try {
      const held = [...this.#held];
      const answers = held.length > 0 ? await this.#options.broker.extendLeases(held) : [];
      answers.forEach((error, i) => {
        const delivery = held[i];
        if (!error || !delivery) return;
        this.#lost.set(delivery, error);
        this.letGo(delivery);
      });
      await this.#options.beat();
    } catch (thrown) {
      // A heartbeat that failed otherwise is not the end: the next one, or the settle, will tell.
      this.#options.log.warn({ error: asError(thrown).message }, 'heartbeat failed');
    } finally {
      this.#beating = false;
    }
  }
}
