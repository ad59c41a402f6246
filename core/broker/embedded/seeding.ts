/** Seeding on the coordinator: what may be done while the lock is held. */
import type { Seeding } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { PlanRecord, SeededRecord } from '../../wire/records.js';
import type { Link } from './link.js';
import { publishChunks } from './publisher.js';
import { chunksOfRows } from './rows.js';
import type { SeederLock } from './seeder-lock.js';

export class EmbeddedSeeding implements Seeding {
  readonly #link: Link;
  readonly #lock: SeederLock;

  constructor(link: Link, lock: SeederLock) {
    this.#link = link;
    this.#lock = lock;
  }

  async *queued(): AsyncGenerator<Chunk> {
    // Over one connection: the coordinator keeps for it what the queue was at the first page.
    const session = await this.#link.session();
    for (let page = 0, more = true; more; page++) {
      const { header } = await this.#link.untilGivenUp(session.ask<'queued'>({ op: 'queued', page }));
      if (page === 0) this.#lock.listedTo = header.listedTo;
      for (const { chunk } of chunksOfRows(header)) yield chunk;
      more = header.more;
    }
  }

  publish(chunks: Iterable<Chunk>, confirmed?: (total: number) => void): Promise<number> {
    return publishChunks(this.#link, this.#lock, chunks, confirmed);
  }

  /** Asked again after a lost answer the record may be there twice: equal records are harmless. */
  async append(record: PlanRecord | SeededRecord): Promise<void> {
    await this.#link.ask<'append'>({ op: 'append', record: encodeRecord(record) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }
}
