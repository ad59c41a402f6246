/** Follows the log of a run from its first record: what is known of it at any moment, and whom to tell of what is new. */
import type { Broker } from '../../core/broker/port.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { asError } from '../../core/runtime/errors.js';
import type { LogRecord } from '../../core/wire/records.js';

export interface Listener {
  /** Each record of the run, in the order of the log. A promise is waited for before the next one is read. */
  readonly record: (record: LogRecord, isNew: boolean) => Promise<unknown> | undefined;
}

export class Follower {
  readonly ledger: Ledger;
  /** Records read so far. */
  records = 0;
  #failure: Error | undefined;
  readonly #over = new AbortController();
  readonly #reading: Promise<void>;

  /** @param known how many records of the run there were before: these are not new */
  constructor(broker: Pick<Broker, 'records'>, runId: string, known: number, listener: Listener) {
    this.ledger = new Ledger(runId);
    this.#reading = this.#read(broker, known, listener).catch(
      (thrown: unknown) => void (this.#failure = asError(thrown)),
    );
  }

  /** @throws Error where the log cannot be read any more */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#reading;
  }

  async #read(broker: Pick<Broker, 'records'>, known: number, listener: Listener): Promise<void> {
    for await (const entry of broker.records({ follow: this.#over.signal })) {
      this.ledger.add(entry);
      if (!('record' in entry) || entry.record.runId !== this.ledger.runId) continue;
      this.records++;
      const behind = listener.record(entry.record, this.records > known);
      if (behind) await behind;
    }
  }
}
