/** Seeding on the coordinator: what may be done while the lock is held. */
import type { Forgotten, Seeding } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { inOrder } from '../../runtime/side-by-side.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { PlanRecord, ResultRecord, SeededRecord } from '../../wire/records.js';
import type { Link } from './link.js';
import { publishChunks } from './publisher.js';
import { chunksOfRows } from './rows.js';
import type { SeederLock } from './seeder-lock.js';

/** Records that are under way at a time. */
const WINDOW = 500;

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

  async adopt(records: Iterable<ResultRecord>): Promise<void> {
    await inOrder(records, WINDOW, (record) =>
      this.#link.ask<'append'>({ op: 'append', record: encodeRecord(record) }),
    );
  }

  async forget(runId: string): Promise<Forgotten> {
    const { queued, parked, deadLetters } = (await this.#link.ask<'forget'>({ op: 'forget', runId })).header;
    return { queued, parked, deadLetters, records: 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }
}
