/**
 * The port: everything seeder, worker and cli know of a message broker. Each adapter keeps this contract, and
 * `test/contract` holds each clause of it against the real brokers.
 *
 * Four stores stand behind it: the *queue* of unfinished chunks, the *log* (append-only, the evidence, read by anyone any
 * number of times), the *dead-letter queue* (payloads, for people), and the *parked* chunks of halted runs.
 */
import type { Chunk } from '../model/chunk.js';
import type { ChunkError, LeaseLost } from '../runtime/errors.js';
import type { DeadLetter } from '../wire/dead-letter.js';
import type { HaltReason, LogEntry, Result } from '../wire/records.js';
import type { Seeding } from './publishing.js';

export type { Forgotten, Seeding } from './publishing.js';

/** What an adapter can do, where adapters differ. Nobody asks for a broker's name to decide something. */
export interface Traits {
  /** Whether `Seeding.queued` lists the queue. Where it does not, only a queue that stays empty shows what was lost. */
  readonly listsQueue: boolean;
  /** After so many milliseconds at most, a worker that fell silent shows: its chunks are `stale`, or `ready` again. */
  readonly silenceMs: number;
  /** How many milliseconds `leased` of `depth` may be behind; `ready` never is. */
  readonly lagMs: number;
  /** The queue must have stayed empty so long before a chunk without a record counts as lost; 0 where it is listed. */
  readonly quietMs: number;
  /** Whether `Seeding.forget` deletes a run's records. Where it does not, the log keeps saying what the run was. */
  readonly deletesRecords: boolean;
}

export interface ReceiveOptions {
  /** At most this many deliveries, ≥ 1. */
  readonly max: number;
  /** How long to wait for the first delivery, in milliseconds; 0 only looks. */
  readonly waitMs: number;
  /** Ends the wait early: the call then resolves with what it already holds, usually nothing. */
  readonly signal: AbortSignal;
}

/** Chunks by state. `ready + leased` is what the scaling trigger counts; on Redis `delayed` too. */
export interface Depth {
  /** Waiting for a worker. */
  readonly ready: number;
  /** Held by a worker. */
  readonly leased: number;
  /** Workers that hold what is leased; undefined where the broker does not tell. */
  readonly holders?: number;
  /** Of those leased, the ones whose worker has missed its heartbeats; 0 where the lease is the connection. */
  readonly stale: number;
  /** Waiting for their retry delay to pass. */
  readonly delayed: number;
  /** In the dead-letter queue. */
  readonly dead: number;
  /** Of halted runs, out of the queue until their run is resumed. */
  readonly parked: number;
}

/** What the broker can hold, in bytes; `undefined` where it does not say. */
export interface Capacity {
  readonly memoryUsed: number | undefined;
  readonly memoryLimit: number | undefined;
  /** Estimate of what one chunk costs at its peak, task and result together. */
  readonly memoryPerChunk: number;
  readonly diskPerChunk: number;
  /** Estimate of what one dead parameter costs: its record and its dead letter. */
  readonly memoryPerDead: number;
  readonly diskPerDead: number;
  /** What its disk has for the broker, what it holds included; left out where it cannot tell. */
  readonly diskLimit?: number;
  /** The largest record that the broker takes. */
  readonly maxRecordBytes: number;
}

/** Something of the broker that endangers the promise, with its setting and the remedy. */
export interface Concern {
  /** Nothing may be published. Otherwise it is only told. */
  readonly fatal: boolean;
  readonly message: string;
}

/** What a run is apart from its log: changed rarely, read by workers with every heartbeat. */
export interface RunState {
  /** Of the newest plan; undefined where nothing was seeded. */
  readonly maxDead: number | undefined;
  /** Parameters that were dead-lettered and not replayed since. */
  readonly dead: number;
  /** Why the run takes no chunks; undefined while it does. */
  readonly halted: HaltReason | undefined;
}

/** Moments inside an adapter that a caller may listen to. Fault injection does; nothing else should need them. */
export interface Hooks {
  /**
   * The result of this chunk is durable in the log and its settling has not resolved. On RabbitMQ the acknowledgement
   * is not sent yet; on Redis there is no such moment, since record and acknowledgement are one step.
   */
  readonly recorded?: (chunk: Chunk) => void;
}

export interface ConnectOptions {
  readonly hooks?: Hooks;
  /**
   * When this aborts nothing in the adapter waits any more: what the broker has not answered rejects. A worker aborts
   * it when its grace period is over.
   */
  readonly giveUp?: AbortSignal;
}

export interface Broker extends AsyncDisposable {
  readonly traits: Traits;

  /** Makes sure that all stores exist. Safe to repeat, and from several pods at once. */
  prepare(): Promise<void>;

  /** What the broker says of itself that endangers the promise: eviction, persistence, time limits, message sizes. */
  concerns(): Promise<readonly Concern[]>;

  /**
   * Takes the right to publish, which only one seeder has at a time; it lapses with its holder.
   * @throws SeederBusy while another one holds it
   */
  seeding(): Promise<Seeding>;

  /**
   * Leases new chunks, due retries and the chunks of dead workers, oldest first. A chunk that has been started before
   * is delivered alone: if it kills its worker, no neighbour loses an attempt. Undecodable messages go to the
   * dead-letter queue as they are and are not delivered.
   */
  receive(options: ReceiveOptions): Promise<Delivery[]>;

  /**
   * Settles deliveries, each once: what is settled a second time is answered by SettledBefore, and nothing is changed
   * for it. The order of the batch means nothing. The answers are in the order of the settlements: `undefined` where it
   * is done, LeaseLost where the broker knows that the lease went to someone else, Unrecordable where it will never
   * take the record. In both cases nothing was changed; an unrecordable delivery may be settled once more, by another
   * verb.
   * @throws Error when the broker did not answer: whether anything took effect is unknown, leases lapse by themselves
   */
  settle(settlements: readonly Settlement[]): Promise<readonly (Error | undefined)[]>;

  /**
   * Heartbeat.
   * @returns for each delivery LeaseLost where its lease went to someone else; never where the lease is the connection
   *   and that stands
   */
  extendLeases(deliveries: readonly Delivery[]): Promise<readonly (LeaseLost | undefined)[]>;

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

  /** By run id. A change shows after a heartbeat interval at the latest; one's own changes at once. */
  runStates(): Promise<ReadonlyMap<string, RunState>>;

  /** The run takes no more chunks: a `halted` record durable in the log, then told to all workers. Safe to repeat. */
  halt(runId: string, reason: HaltReason, error?: string): Promise<void>;

  /**
   * Ends a halt: a `resumed` record durable in the log, and the run's parked chunks back in the queue with all their
   * attempts. Safe to repeat, also after a crash in between.
   * @returns how many chunks came back
   */
  resume(runId: string): Promise<number>;

  depth(): Promise<Depth>;
  capacity(): Promise<Capacity>;

  /** Gives back what was received and not settled, at no cost in attempts, and disconnects. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One leased chunk. */
export interface Delivery {
  readonly chunk: Chunk;
  /** 1-based: 1 + executions that began and did not end in `complete` or `release`. */
  readonly attempt: number;
}

/** What becomes of a delivery. */
export type Settlement = { readonly delivery: Delivery } & (
  | {
      /** Result durable in the log, then acknowledged: never the other way round. */
      readonly verb: 'complete';
      readonly result: Result;
      /**
       * Set where only the first part of the chunk is finished: the result is that of the parameters before the first
       * of these pieces, which tile the rest. They go into the queue with all their attempts. One step where the broker
       * can; where it cannot, a crash in between leaves pieces beside the chunk: the ledger counts once.
       */
      readonly rest?: readonly Chunk[];
    }
  /** Back to the queue after RETRY_DELAY_MS; costs the attempt. */
  | { readonly verb: 'retry'; readonly error: ChunkError }
  /** Replaced by pieces that tile its parameters, each with all its attempts: durable, then acknowledged. */
  | { readonly verb: 'split'; readonly pieces: readonly Chunk[] }
  /** Dead record durable in the log, payload in the dead-letter queue, then acknowledged. */
  | { readonly verb: 'dead-letter'; readonly death: Death }
  /** Back to the queue at once, untouched; costs no attempt. */
  | { readonly verb: 'release' }
  /** Out of the queue, kept until `resume`; costs no attempt. */
  | { readonly verb: 'park' }
  /** Out of the queue without a record: its run was cancelled. */
  | { readonly verb: 'discard' }
);

/** Why a chunk is given up. */
export interface Death {
  readonly error: ChunkError;
  readonly workerId: string;
  /** Executions that began. */
  readonly attempts: number;
  /** Names the stack of the error: equal stacks have equal names. */
  readonly stackId: string;
  /** Empty where this worker has recorded it before. */
  readonly stack: string;
}
