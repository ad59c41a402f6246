/** Who did what and when: the figures of a run that are no part of its verdict. */
import { reusedFrom } from '../wire/reused.js';
import { size } from '../model/interval.js';
import type { ResultRecord } from '../wire/records.js';

export interface WorkerShare {
  readonly workerId: string;
  chunks: number;
  parameters: number;
  busySeconds: number;
}

/** A chunk whose earlier attempt ended with its worker or in an error. */
export interface Recovered {
  readonly chunkId: string;
  readonly attempt: number;
  readonly workerId: string;
  readonly completedAt: string;
}

/** Recovered chunks are listed up to this many; `recoveredCount` counts all. */
const LISTED = 1000;

export class Tally {
  readonly #workers = new Map<string, WorkerShare>();
  readonly recovered: Recovered[] = [];
  chunks = 0;
  recoveredCount = 0;
  busySeconds = 0;
  /** Parameters whose values were taken from another run: nobody computed them. */
  reused = 0;
  /** ISO 8601 UTC, which sorts as text. */
  firstStartedAt: string | undefined;
  lastCompletedAt: string | undefined;

  add(record: ResultRecord): void {
    if (reusedFrom(record.workerId) !== undefined) {
      this.reused += size(record);
      return;
    }
    const share = this.#workers.get(record.workerId) ?? {
      workerId: record.workerId,
      chunks: 0,
      parameters: 0,
      busySeconds: 0,
    };
    this.chunks++;
    share.chunks++;
    share.parameters += size(record);
    share.busySeconds += record.durationSeconds;
    this.#workers.set(record.workerId, share);
    this.busySeconds += record.durationSeconds;
    if (this.firstStartedAt === undefined || record.startedAt < this.firstStartedAt)
      this.firstStartedAt = record.startedAt;
    if (this.lastCompletedAt === undefined || record.completedAt > this.lastCompletedAt)
      this.lastCompletedAt = record.completedAt;
    if (record.attempt > 1) {
      this.recoveredCount++;
      const { chunkId, attempt, workerId, completedAt } = record;
      if (this.recovered.length < LISTED) this.recovered.push({ chunkId, attempt, workerId, completedAt });
    }
  }

  /** Workers by what they did, most first. */
  workers(): WorkerShare[] {
    return [...this.#workers.values()].sort((a, b) => b.parameters - a.parameters);
  }
}
