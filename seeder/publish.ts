/** Publishes pieces of a plan, and records in the log what was published. */
import type { Broker, Seeding } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Interval } from '../core/model/interval.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Chunk } from '../core/model/chunk.js';
import type { SeededRecord } from '../core/wire/records.js';
import { chunksOf, type Plan } from '../core/model/plan.js';
import { counted } from '../core/runtime/words.js';

/** After this many chunks a record says that they were published, so that a seeder that dies is resumed from there. */
const MARK_EVERY = 10_000;

export interface PublisherOptions {
  readonly broker: Pick<Broker, 'runStates'>;
  readonly seeding: Seeding;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

export class Publisher {
  readonly #broker: Pick<Broker, 'runStates'>;
  readonly #seeding: Seeding;
  readonly #log: Logger;
  readonly #stop: AbortSignal;
  total = 0;

  constructor({ broker, seeding, log, stop }: PublisherOptions) {
    this.#broker = broker;
    this.#seeding = seeding;
    this.#log = log;
    this.#stop = stop;
  }

  /** @throws ConfigError when somebody cancels the run meanwhile */
  async publish(plan: Plan, pieces: readonly Interval[], reason: SeededRecord['reason']): Promise<void> {
    for (const piece of pieces) {
      const step = MARK_EVERY * plan.chunkSize;
      for (
        let start = piece.start;
        start <= piece.end && !this.#stop.aborted;
        start += step - (start % plan.chunkSize)
      ) {
        const end = Math.min(piece.end, start - (start % plan.chunkSize) + step - 1);
        await this.#checkCancelled(plan.runId);
        await this.#publishMarked(plan, { start, end }, reason);
      }
    }
  }

  async #checkCancelled(runId: string): Promise<void> {
    if ((await this.#broker.runStates()).get(runId)?.halted !== 'cancelled') return;
    throw new ConfigError(
      `run ${runId} was cancelled while it was published, after ${counted(this.total, 'chunk')}: nothing more of it ` +
        `is published. \`ttg resume ${runId}\` takes that back`,
    );
  }

  async #publishMarked(plan: Plan, piece: Interval, reason: SeededRecord['reason']): Promise<void> {
    let firstConfirmedAt: string | undefined;
    let end = piece.start - 1;
    const untilStopped = function* (stop: AbortSignal): Generator<Chunk> {
      for (const chunk of chunksOf(plan, new Date().toISOString(), [piece])) {
        if (stop.aborted) return;
        end = chunk.end;
        yield chunk;
      }
    };
    const published = await this.#seeding.publish(
      untilStopped(this.#stop),
      () => (firstConfirmedAt ??= new Date().toISOString()),
    );
    if (published === 0) return;
    const confirmedAt = new Date().toISOString();
    await this.#seeding.append({
      kind: 'seeded',
      runId: plan.runId,
      start: piece.start,
      end,
      chunks: published,
      reason,
      firstConfirmedAt: firstConfirmedAt ?? confirmedAt,
      confirmedAt,
    });
    this.total += published;
    this.#log.info(
      {
        run_id: plan.runId,
        start_param: piece.start,
        end_param: end,
        chunks: published,
        reason,
        first_confirmed_at: firstConfirmedAt,
      },
      'published',
    );
  }
}
