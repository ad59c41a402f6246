/** The port's part for whoever publishes: what may be done while nobody else does. */
import type { Chunk } from '../model/chunk.js';
import type { PlanRecord, ResultRecord, SeededRecord } from '../wire/records.js';

/** The right to publish, held until disposal. */
export interface Seeding extends AsyncDisposable {
  /**
   * The chunks that are still in the queue or parked, in whatever state, or `undefined` where the broker cannot list
   * its queue. Read before the log it is safe: what leaves the queue afterwards is in the log by then.
   */
  queued(): AsyncIterable<Chunk> | undefined;

  /**
   * Publishes in windows, pulling from `chunks` no faster than the broker confirms: memory stays bounded. Resolves with
   * the number of chunks once all are confirmed. After `queued` was read, what others have put into the queue since is
   * left out, in the same step as the rest is published.
   * @param confirmed called after each window with the number of chunks confirmed so far
   */
  publish(chunks: Iterable<Chunk>, confirmed?: (total: number) => void): Promise<number>;

  /**
   * Appends the seeder's own records to the log; resolves when durable. A plan is part of the run's state from then on.
   */
  append(record: PlanRecord | SeededRecord): Promise<void>;

  /**
   * Appends results of parameters that are not published, taken from another run; resolves when all are durable. No
   * worker's record for the same parameters is written beside them where the broker can hold that.
   */
  adopt(records: Iterable<ResultRecord>): Promise<void>;

  /**
   * Takes away what is stored of a run: what is queued and parked of it, its dead letters, and where the broker deletes
   * records (`traits`) its records and its state, so that it is as if it had never been seeded. Where it does not, the
   * log and the state that goes with it stay, and chunks of it that are queued too. Leases of it end; what is settled
   * after that changes nothing. For a run that is finished or cancelled. Safe to repeat, also after a crash in between.
   */
  forget(runId: string): Promise<Forgotten>;
}

/** How much was taken away. */
export interface Forgotten {
  readonly queued: number;
  readonly parked: number;
  readonly deadLetters: number;
  readonly records: number;
}
