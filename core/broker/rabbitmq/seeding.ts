/** Seeding on RabbitMQ: what may be done while the lock is held. */
import type { Seeding } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { PlanRecord, SeededRecord } from '../../wire/records.js';
import { toBody } from './codec.js';
import { publishChunks, type Publishing } from './publisher.js';
import type { RunStates } from './run-state.js';
import type { SeederLock } from './seeder-lock.js';
import { Session } from './session.js';

export class RabbitmqSeeding implements Seeding {
  readonly #lock: SeederLock;
  readonly #publishing: Omit<Publishing, 'confirmed'>;
  readonly #log: string;
  readonly #states: RunStates;

  /** @param log name of the stream */
  constructor(lock: SeederLock, publishing: Omit<Publishing, 'confirmed'>, log: string, states: RunStates) {
    this.#lock = lock;
    this.#publishing = publishing;
    this.#log = log;
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
      await session.send(this.#log, toBody(encodeRecord(record)));
      if (record.kind === 'plan') await this.#states.tell({ run_id: record.runId, max_dead: record.maxDead }, session);
    } finally {
      await session.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }
}
