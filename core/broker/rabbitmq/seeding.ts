/** Seeding on RabbitMQ: what may be done while the lock is held. */
import type { Forgotten, Seeding } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { inOrder } from '../../runtime/side-by-side.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { PlanRecord, ResultRecord, SeededRecord } from '../../wire/records.js';
import { toBody } from './codec.js';
import { forgetRun } from './forget.js';
import { publishChunks, type Publishing } from './publisher.js';
import type { RunStates } from './run-state.js';
import type { SeederLock } from './seeder-lock.js';
import { Session } from './session.js';
import type { Topology } from './topology.js';

/** Records that are under way at a time. */
const WINDOW = 100;

export class RabbitmqSeeding implements Seeding {
  readonly #lock: SeederLock;
  readonly #publishing: Omit<Publishing, 'confirmed'>;
  readonly #topology: Topology;
  readonly #states: RunStates;

  constructor(lock: SeederLock, publishing: Omit<Publishing, 'confirmed'>, topology: Topology, states: RunStates) {
    this.#lock = lock;
    this.#publishing = publishing;
    this.#topology = topology;
    this.#states = states;
  }

  /** RabbitMQ cannot list a queue without taking from it. */
  queued(): undefined {
    return undefined;
  }

  publish(chunks: Iterable<Chunk>, confirmed?: (total: number) => void): Promise<number> {
    return publishChunks(chunks, { ...this.#publishing, confirmed });
  }

  async append(record: PlanRecord | SeededRecord): Promise<void> {
    const session = await Session.open(await this.#publishing.link.connection());
    try {
      await session.send(this.#topology.results, toBody(encodeRecord(record)));
      if (record.kind === 'plan') await this.#states.tell({ run_id: record.runId, max_dead: record.maxDead }, session);
    } finally {
      await session.close();
    }
  }

  async adopt(records: Iterable<ResultRecord>): Promise<void> {
    const session = await Session.open(await this.#publishing.link.connection());
    try {
      await inOrder(onceDrained(records, session), WINDOW, (record) =>
        session.send(this.#topology.results, toBody(encodeRecord(record))),
      );
    } finally {
      await session.close();
    }
  }

  forget(runId: string): Promise<Forgotten> {
    return forgetRun(this.#publishing.link, this.#topology, runId);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }
}

/** Each record only when the write buffer has room for it. */
async function* onceDrained(records: Iterable<ResultRecord>, session: Session): AsyncGenerator<ResultRecord> {
  for (const record of records) {
    await session.drained;
    yield record;
  }
}
