/** The records of the log as they are in memory. */
import type { Interval } from '../model/interval.js';
import type { ExternalStore, Plan } from '../model/plan.js';
import type { Summary } from '../model/summary.js';
import type { Value } from '../model/value.js';

export type { Summary };

/** Where the values of a record lie that does not carry them: an object, see object-codec.ts. */
export interface ValuesAt {
  readonly store: ExternalStore;
  /** Within the store: relative to its folder, or to bucket and prefix. */
  readonly name: string;
  readonly bytes: number;
  /** 64 hexadecimal digits: of these bytes. */
  readonly sha256: string;
}

/** The values of a chunk, if the run keeps them. */
export interface Kept {
  /** In the order of the parameters. */
  readonly values?: readonly Value[];
  /**
   * In place of them the text in which they travel, see values-codec.ts: packing takes as long as computing, and is done
   * beside it. A record that was read never has it.
   */
  readonly packed?: string;
  /** In place of both. */
  readonly valuesAt?: ValuesAt;
}

/** What a worker found out about one chunk. */
export interface Result extends Kept {
  readonly summary: Summary;
  /** 32 hexadecimal digits, see digest.ts. */
  readonly digest: string;
  readonly workerId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly completedAt: string;
  readonly durationSeconds: number;
}

/** The run's first record, and one more each time it is extended or its failure budget is changed. */
export interface PlanRecord extends Plan {
  readonly kind: 'plan';
  readonly createdAt: string;
}

/** Chunks of these parameters were published and confirmed by the broker. */
export interface SeededRecord extends Interval {
  readonly kind: 'seeded';
  readonly runId: string;
  readonly chunks: number;
  readonly reason: 'initial' | 'resume' | 'extend' | 'repair';
  /** ISO 8601: when the broker confirmed the first and the last of them. */
  readonly firstConfirmedAt: string;
  readonly confirmedAt: string;
}

export interface ResultRecord extends Interval, Result {
  readonly kind: 'result';
  readonly runId: string;
  readonly chunkId: string;
  /** 1-based: how many times the chunk had been started, this time included. */
  readonly attempt: number;
}

/** Parameters that have no result for good. */
export interface DeadRecord extends Interval {
  readonly kind: 'dead';
  readonly runId: string;
  readonly chunkId: string;
  readonly attempts: number;
  readonly workerId: string;
  readonly error: string;
  /** Names the stack: equal stacks have equal names. Empty where there is none. */
  readonly stackId: string;
  /** Empty where the worker that wrote this record has written an earlier one with the same stack. */
  readonly stack: string;
  readonly completedAt: string;
}

/** Why a run takes no more chunks: somebody gave it up, or more of its parameters are dead than its budget allows. */
export type HaltReason = 'cancelled' | 'failures';

/** From here on the run takes no chunks. Nothing of it is computed until a `resumed` record. */
export interface HaltedRecord {
  readonly kind: 'halted';
  readonly runId: string;
  readonly reason: HaltReason;
  /** Set where no parameter is to blame: why the computation cannot start. */
  readonly error?: string;
  /** ISO 8601, UTC. */
  readonly haltedAt: string;
}

/** The halt before this record is over. */
export interface ResumedRecord {
  readonly kind: 'resumed';
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly resumedAt: string;
}

export type LogRecord = PlanRecord | SeededRecord | ResultRecord | DeadRecord | HaltedRecord | ResumedRecord;

/** A record of the log as it was read: decoded, or the reason why it could not be. */
export type LogEntry = { readonly position: string } & (
  { readonly record: LogRecord } | { readonly undecodable: string }
);

/** Field names and values as on the wire: numbers as numbers, nested values as objects. */
export type Wire = Record<string, unknown>;
