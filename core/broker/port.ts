/**
 * The port: everything seeder, worker and cli know of a message broker. Two adapters keep this contract, and
 * `test/contract` holds each clause of it against the real brokers.
 *
 * Three stores stand behind it: the *queue* of unfinished chunks, the *log* (append-only, the evidence, read from the
 * start by anyone any number of times) and the *dead-letter queue* (payloads, for people; the log says what is dead).
 */
import type { DeadLetter } from '../wire/dead-letter.js';
import type { ChunkError } from '../runtime/errors.js';
import type { Chunk } from '../model/chunk.js';
import type { LogEntry, PlanRecord, Result, SeededRecord } from '../wire/records.js';

export interface ReceiveOptions {
  /** At most this many deliveries, ≥ 1. */
  readonly max: number;
  /** How long to wait for the first delivery, in milliseconds; 0 only looks. */
  readonly waitMs: number;
  /** Ends the wait early: the call then resolves with what it already holds, usually nothing. */
  readonly signal: AbortSignal;
}

/** Chunks by state. On both brokers `ready + leased` is what the scaling trigger counts; on Redis `delayed` is too. */
export interface Depth {
  /** Waiting for a worker. */
  readonly ready: number;
  /** Held by a worker. */
  readonly leased: number;
  /** Of those leased, the ones whose worker has missed its heartbeats; 0 where the lease is the connection. */
  readonly stale: number;
  /** Waiting for their retry delay to pass. */
  readonly delayed: number;
  /** In the dead-letter queue. */
  readonly dead: number;
}

/** What the broker can hold, in bytes; `undefined` where it does not say. */
export interface Capacity {
  readonly memoryUsed: number | undefined;
  readonly memoryLimit: number | undefined;
  /** Estimate of what one chunk costs at its peak, task and result together. */
  readonly memoryPerChunk: number;
  readonly diskPerChunk: number;
}

/** Moments inside an adapter that a caller may listen to. Fault injection does; nothing else should need them. */
export interface Hooks {
  /**
   * The result of this chunk is durable in the log and its `complete` has not resolved. On RabbitMQ the acknowledgement is
   * not sent yet; on Redis there is no such moment, since record and acknowledgement are one step.
   */
  readonly recorded?: (chunk: Chunk) => void;
}

export interface Broker extends AsyncDisposable {
  /** After so many milliseconds at most, a worker that fell silent shows: its chunks are `stale`, or `ready` again. */
  readonly silenceMs: number;
  /** How many milliseconds `leased` of `depth` may be behind; `ready` never is. */
  readonly lagMs: number;

  /** Makes sure that queue, log and dead-letter queue exist. Safe to repeat, and from several pods at once. */
  prepare(): Promise<void>;

  /**
   * Takes the right to publish, which only one seeder has at a time; it lapses with its holder.
   * @throws SeederBusy while another one holds it
   */
  lockSeeding(): Promise<AsyncDisposable>;

  /**
   * Publishes in windows, pulling from `chunks` no faster than the broker confirms: memory stays bounded.
   * Resolves with the number of chunks once all are confirmed. Must be called under `lockSeeding`. After `queued` was read
   * under that lock, what others have put into the queue since is left out, in the same step as the rest is published.
   * @param confirmed called after each window with the number of chunks confirmed so far
   */
  publish(chunks: Iterable<Chunk>, confirmed?: (total: number) => void): Promise<number>;

  /**
   * The chunks that are still in the queue, in whatever state, or `undefined` where the broker cannot list its queue. Read
   * before the log it is safe: what leaves the queue afterwards is in the log by then.
   */
  queued(): AsyncIterable<Chunk> | undefined;

  /** Appends the seeder's own records to the log; resolves when durable. */
  append(record: PlanRecord | SeededRecord): Promise<void>;

  /**
   * Leases new chunks, due retries and the chunks of dead workers, oldest first. A chunk that has been started before is
   * delivered alone: if it kills its worker, no neighbour loses an attempt. Undecodable messages go to the dead-letter
   * queue as they are and are not delivered.
   */
  receive(options: ReceiveOptions): Promise<Delivery[]>;

  /** The log from its first record; with `follow`, on and on until that signal aborts. */
  records(options?: { readonly follow?: AbortSignal }): AsyncIterable<LogEntry>;

  /**
   * The dead-letter queue, oldest first; reading takes nothing away. RabbitMQ shows them to one reader at a time, who
   * holds them until the iteration ends.
   */
  deadLetters(): AsyncIterable<DeadLetter>;

  /**
   * Puts chunks of dead letters back into the queue with all their attempts. Their dead records stay in the log until a
   * result outranks them. What is unknown or undecodable is left.
   * @returns the ids that were replayed
   */
  replay(ids: readonly string[]): Promise<string[]>;

  /** Throws dead letters away; the log keeps saying what is dead. @returns the ids that were there */
  drop(ids: readonly string[]): Promise<string[]>;

  depth(): Promise<Depth>;
  capacity(): Promise<Capacity>;

  /** Gives back what was received and not settled, at no cost in attempts, and disconnects. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * One leased chunk. It is settled once, by one of the five verbs; a second settle throws an Error, and each throws
 * LeaseLost where the broker knows that the lease went to someone else: then nothing was changed.
 */
export interface Delivery {
  readonly chunk: Chunk;
  /** 1-based: 1 + executions that began and did not end in `complete` or `release`. */
  readonly attempt: number;
  /** Result durable in the log, then acknowledged: never the other way round. */
  complete(result: Result): Promise<void>;
  /** Back to the queue after RETRY_DELAY_MS; costs the attempt. */
  retry(error: ChunkError): Promise<void>;
  /**
   * Replaced by chunks that together hold the same parameters: durable in the queue, each with all its attempts, then
   * acknowledged. Where that is not one step a crash in between leaves pieces beside the chunk: the ledger counts once.
   */
  split(pieces: readonly Chunk[]): Promise<void>;
  /**
   * Dead record durable in the log, payload in the dead-letter queue, then acknowledged.
   * @param attempts executions that began; without it this delivery was executed too
   */
  deadLetter(error: ChunkError, workerId: string, attempts?: number): Promise<void>;
  /** Back to the queue at once, untouched; costs no attempt. */
  release(): Promise<void>;
  /** Heartbeat. Throws LeaseLost; does nothing where the lease is the connection. */
  extendLease(): Promise<void>;
}
