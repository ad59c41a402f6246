/** Seeding on Redis: what may be done while the lock is held. */
import type { Forgotten, Seeding } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import type { PlanRecord, ResultRecord, SeededRecord } from '../../wire/records.js';
import { adoptRecords } from './adopt.js';
import { forgetRun } from './forget.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { appendRecord, queuedChunks } from './log.js';
import { publishChunks } from './publisher.js';
import type { Scripts } from './scripts.js';
import type { SeederLock } from './seeder-lock.js';

export class RedisSeeding implements Seeding {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #lock: SeederLock;

  constructor(link: Link, keys: Keys, scripts: Scripts, lock: SeederLock) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#lock = lock;
  }

  queued(): AsyncIterable<Chunk> {
    return queuedChunks(this.#link, this.#keys, (id) => (this.#lock.listedTo = id));
  }

  publish(chunks: Iterable<Chunk>, confirmed?: (total: number) => void): Promise<number> {
    return publishChunks(this.#link, this.#keys, this.#scripts, this.#lock, chunks, confirmed);
  }

  append(record: PlanRecord | SeededRecord): Promise<void> {
    return appendRecord(this.#link, this.#keys, this.#scripts, record);
  }

  adopt(records: Iterable<ResultRecord>): Promise<void> {
    return adoptRecords(this.#link, this.#keys, this.#scripts, this.#lock, records);
  }

  forget(runId: string): Promise<Forgotten> {
    return forgetRun(this.#link, this.#keys, runId);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }
}
