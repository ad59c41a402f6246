/** How settlements reach the broker, beside the computing of further batches, and what a lost lease or broker means. */
import type { Computed, Outcome } from '../compute/executor.js';
import type { Broker, Delivery, Settlement } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import { asError, ConfigError, LeaseLost, StoreAway, Unrecordable } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import { Decisions, fieldsOf } from './decisions.js';
import type { Halts } from './halts.js';
import type { Leases } from './leases.js';

/** What became of chunks cannot be told to the broker. Decision: the process ends, and their leases lapse. */
export class NotSettled extends Error {
  override readonly name = 'NotSettled';
}

export interface SettlerOptions {
  readonly broker: Pick<Broker, 'settle'>;
  readonly config: Pick<Config, 'MAX_RETRIES' | 'workerName'>;
  readonly leases: Leases;
  readonly halts: Halts;
  readonly log: Logger;
}

export class Settler {
  readonly #options: SettlerOptions;
  readonly #decisions: Decisions;
  readonly #unfinished = new Set<Delivery>();
  /** Deliveries whose settling is under way: a batch computes while the one before it is being settled. */
  #pending = 0;
  /** Who waits until there are none. */
  #waiting: (() => void)[] = [];
  #fatal: Error | undefined;
  #away: StoreAway | undefined;

  constructor(options: SettlerOptions) {
    this.#options = options;
    this.#decisions = new Decisions(options.config, options.log);
  }

  /** Why this worker is of no use any more; undefined while it is. */
  get misfit(): string | undefined {
    return this.#decisions.misfit ?? this.#away?.message;
  }

  /**
   * Settles what is not to be executed: chunks of halted runs, and those that used up their attempts before this
   * delivery.
   * @returns the deliveries that are left to execute
   */
  async sort(deliveries: readonly Delivery[]): Promise<Delivery[]> {
    const { halts, log } = this.#options;
    const batch: Delivery[] = [];
    const refused: Settlement[] = [];
    for (const delivery of deliveries) {
      const verb = halts.verb(delivery.chunk.runId);
      const refusal = verb ? { delivery, verb } : this.#decisions.beforeComputing(delivery);
      if (refusal) refused.push(refusal);
      else batch.push(delivery);
    }
    await this.#carryOut(refused);
    if (log.isLevelEnabled('debug')) for (const delivery of batch) log.debug(fieldsOf(delivery), 'chunk started');
    for (const delivery of batch) this.#unfinished.add(delivery);
    return batch;
  }

  /** Releases what was not begun. */
  async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    await this.#carryOut(deliveries.map((delivery) => ({ delivery, verb: 'release' })));
  }

  /** Begins to settle; errors that matter come out of `batchDone` or `settled`. */
  settle(batch: readonly Delivery[], outcomes: readonly Outcome[]): void {
    const settlements = this.#decisions.afterComputing(batch, outcomes);
    for (const { delivery } of settlements) this.#unfinished.delete(delivery);
    this.#pending += settlements.length;
    const through = (): void => {
      this.#pending -= settlements.length;
      if (this.#pending === 0) for (const wake of this.#waiting.splice(0)) wake();
    };
    const broken = this.#decisions.takeBroken();
    const settling = broken.size === 0 ? this.#carryOut(settlements) : this.#haltFirst(broken, settlements);
    settling.then(through, (thrown: unknown) => {
      this.#fatal ??= asError(thrown);
      through();
    });
  }

  /** Chunks of a halted run are parked: back in the queue they would be handed out again at once. */
  async #haltFirst(broken: ReadonlyMap<string, string>, settlements: readonly Settlement[]): Promise<void> {
    const { halts } = this.#options;
    await halts.afterBreaking(broken);
    const parked = settlements.map((settlement): Settlement => {
      const { delivery, verb } = settlement;
      const instead = verb === 'release' ? halts.verb(delivery.chunk.runId) : undefined;
      return instead ? { delivery, verb: instead } : settlement;
    });
    await this.#carryOut(parked);
  }

  /** Call after each batch: settles what got no outcome, and lets at most about one batch of settles run behind. */
  async batchDone(batch: readonly Delivery[]): Promise<void> {
    const { halts, log } = this.#options;
    const left = [...this.#unfinished];
    this.#unfinished.clear();
    await this.#carryOut(
      left.map((delivery) => ({ delivery, verb: halts.verb(delivery.chunk.runId) ?? ('release' as const) })),
    );
    const first = batch[0];
    if (first) {
      const { runId, chunkId } = first.chunk;
      log.info({ run_id: runId, chunks: batch.length, first: chunkId, attempt: first.attempt }, 'batch done');
    }
    if (this.#pending > batch.length) await this.settled();
    this.#check();
  }

  /** All settles so far are through. */
  async settled(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((wake) => this.#waiting.push(wake));
    this.#check();
  }

  #check(): void {
    if (this.#fatal) throw this.#fatal;
  }

  /** @param again whether the broker refused something else for these deliveries before */
  async #carryOut(settlements: readonly Settlement[], again = false): Promise<void> {
    const { leases, halts } = this.#options;
    const open = settlements.filter((settlement) => {
      const lost = leases.lost(settlement.delivery);
      if (lost) this.#lost(settlement, lost);
      return !lost;
    });
    if (open.length === 0) return;
    const others: Settlement[] = [];
    const died = new Set<string>();
    const answers = await this.#ask(open);
    for (const [i, settlement] of open.entries()) {
      const { delivery, verb } = settlement;
      const error = answers[i];
      if (error instanceof Unrecordable && !again) {
        this.#decisions.undone(settlement);
        const other = this.#decisions.afterRefusal(settlement, error);
        if (other) {
          others.push(other);
          continue;
        }
      }
      leases.letGo(delivery);
      if (error instanceof LeaseLost) this.#lost(settlement, error);
      else if (error instanceof StoreAway) this.#released(settlement, error);
      else if (error) throw notSettled([settlement], error);
      else if (verb === 'dead-letter') died.add(delivery.chunk.runId);
      else if (verb === 'complete') this.#tellComplete(delivery, settlement.result);
    }
    if (others.length > 0) await this.#carryOut(others, true);
    if (died.size > 0) await halts.afterDeaths(died);
  }

  /** Failing to settle is fatal: the pod ends, its leases lapse, and someone whose broker answers takes over. */
  async #ask(settlements: readonly Settlement[]): Promise<readonly (Error | undefined)[]> {
    try {
      return await this.#options.broker.settle(settlements);
    } catch (thrown) {
      // A right that is missing stays missing: no restart helps.
      if (thrown instanceof ConfigError) throw thrown;
      throw notSettled(settlements, asError(thrown));
    }
  }

  #lost(settlement: Settlement, lost: LeaseLost): void {
    if (!lost.recorded) this.#decisions.undone(settlement);
    const { chunk, attempt } = settlement.delivery;
    const what = lost.recorded ? 'lease lost, result recorded late' : 'lease lost, result dropped';
    this.#options.log.warn({ chunk_id: chunk.chunkId, attempt, reason: lost.message }, what);
  }

  /** Computing more would be for nothing. Who comes next waits for the store before it takes a chunk. */
  #released({ delivery }: Settlement, error: StoreAway): void {
    if (!this.#away) this.#options.log.error({ error: error.message }, 'the store of values is away');
    this.#away = error;
    this.#options.log.warn(fieldsOf(delivery), 'its values could not be stored: chunk released');
  }

  #tellComplete({ chunk, attempt }: Delivery, { summary, durationSeconds }: Computed): void {
    const { log } = this.#options;
    if (!log.isLevelEnabled('debug')) return;
    const fields = { chunk_id: chunk.chunkId, attempt, sum: summary.sum, duration_seconds: durationSeconds };
    log.debug(fields, 'chunk complete');
  }
}

function notSettled(settlements: readonly Settlement[], cause: Error): NotSettled {
  const [first] = settlements;
  const more = settlements.length > 1 ? ` and ${settlements.length - 1} more` : '';
  return new NotSettled(
    `could not settle chunk ${first?.delivery.chunk.chunkId}${more} (${first?.verb}): ${cause.message}. ` +
      'Leases lapse by themselves, and other workers take over',
    { cause },
  );
}
