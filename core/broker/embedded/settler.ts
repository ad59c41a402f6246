/** A batch of settlements → one message to the coordinator, and an answer for each of them. */
import type { Death, Hooks, Settlement } from '../port.js';
import { SettledBefore, Unrecordable } from '../../runtime/errors.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { encodeRecord } from '../../wire/record-codec.js';
import { whyUnreadable } from '../../wire/recordable.js';
import type { EmbeddedDelivery } from './delivery.js';
import { ConnectionLost } from './failure.js';
import type { Link } from './link.js';
import type { SettleItem } from './protocol.js';
import type { Session } from './session.js';

/** Readers take a record whole, and so do those who write it: as on the other brokers. */
export const MAX_RECORD_BYTES = 16 << 20;
/** Records of one message, in characters. */
const MOST_LENGTH = 32 << 20;

type Completion = Extract<Settlement, { verb: 'complete' }>;

interface Item {
  readonly delivery: EmbeddedDelivery;
  readonly place: number;
  readonly wire: SettleItem;
  /** Of a completion. */
  readonly record: string | undefined;
}

export class Settler {
  readonly #link: Link;
  readonly #held: Set<EmbeddedDelivery>;
  readonly #hooks: Hooks;

  /** @param held loses what is settled */
  constructor(link: Link, held: Set<EmbeddedDelivery>, hooks: Hooks) {
    this.#link = link;
    this.#held = held;
    this.#hooks = hooks;
  }

  async settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    const answers = new Array<Error | undefined>(settlements.length).fill(undefined);
    const bySession = new Map<Session, Item[]>();
    settlements.forEach((settlement, place) => {
      const item = prepare(settlement, place);
      if (item instanceof Error) {
        answers[place] = item;
        return;
      }
      const items = bySession.get(item.delivery.session);
      if (items) items.push(item);
      else bySession.set(item.delivery.session, [item]);
    });
    for (const [session, items] of bySession)
      for (const batch of batchesOf(items)) await this.#send(session, batch, answers);
    return answers;
  }

  async #send(session: Session, items: readonly Item[], answers: (Error | undefined)[]): Promise<void> {
    const records = items.flatMap(({ record }) => (record === undefined ? [] : [record, '\n']));
    const question = { op: 'settle' as const, items: items.map(({ wire }) => wire) };
    let done: readonly number[] = [];
    try {
      const answer = session.ask<'settle'>(question, Buffer.from(records.join('')));
      done = (await this.#link.untilGivenUp(answer)).header.done;
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      // The lease ended with the connection; what had arrived before counts.
      const leases = items.map(({ delivery }) => [delivery.id, delivery.attempt] as const);
      done = (await this.#link.ask<'settled'>({ op: 'settled', leases })).header.done;
    }
    items.forEach(({ delivery, place, record }, i) => {
      this.#held.delete(delivery);
      if (done[i] !== 1) answers[place] = delivery.lost();
      else if (record !== undefined) this.#hooks.recorded?.(delivery.chunk);
    });
  }
}

function* batchesOf(items: readonly Item[]): Generator<Item[]> {
  let batch: Item[] = [];
  let length = 0;
  for (const item of items) {
    if (length > MOST_LENGTH) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(item);
    length += item.record?.length ?? 0;
  }
  if (batch.length > 0) yield batch;
}

/** Marks the delivery as settled, unless it was before, or cannot be by this verb. */
function prepare(settlement: Settlement, place: number): Item | SettledBefore | Unrecordable {
  const { verb } = settlement;
  const delivery = settlement.delivery as EmbeddedDelivery;
  const { chunkId } = delivery.chunk;
  if (delivery.settledBy !== undefined) {
    return new SettledBefore(
      `${verb} of chunk ${chunkId}, which was settled by ${delivery.settledBy} before: a delivery is settled once`,
    );
  }
  const record = verb === 'complete' ? recordOf(delivery, settlement) : undefined;
  if (record instanceof Unrecordable) return record;
  delivery.settledBy = verb;
  return { delivery, place, wire: wireOf(settlement, delivery), record };
}

function wireOf(settlement: Settlement, delivery: EmbeddedDelivery): SettleItem {
  const { id, attempt } = delivery;
  switch (settlement.verb) {
    case 'complete': {
      const { rest } = settlement;
      return rest ? ['complete', id, attempt, rest.map(encodeChunk)] : ['complete', id, attempt];
    }
    case 'split':
      return ['split', id, attempt, settlement.pieces.map(encodeChunk)];
    case 'dead-letter':
      return deathOf(delivery, settlement.death);
    case 'retry':
    case 'release':
    case 'park':
    case 'discard':
      return [settlement.verb, id, attempt];
  }
}

function recordOf({ chunk, attempt }: EmbeddedDelivery, { result, rest }: Completion): string | Unrecordable {
  const { runId, chunkId, start } = chunk;
  const end = rest?.[0] ? rest[0].start - 1 : chunk.end;
  const wire = encodeRecord({ kind: 'result', runId, chunkId, start, end, attempt, ...result });
  const fault = whyUnreadable(wire);
  if (fault !== undefined) return new Unrecordable(`the result of chunk ${chunkId} has no encoding: ${fault}`);
  const record = JSON.stringify(wire);
  // A character of JSON may take three bytes; values are digits.
  if (record.length <= MAX_RECORD_BYTES / 3 || Buffer.byteLength(record) <= MAX_RECORD_BYTES) return record;
  return new Unrecordable(
    `the record of chunk ${chunkId} takes ${Buffer.byteLength(record)} bytes, and one may have ${MAX_RECORD_BYTES}: ` +
      'make smaller chunks (CHUNK_SIZE; chart: run.chunkSize), or keep no values (run.keepValues)',
  );
}

function deathOf({ chunk, id, attempt }: EmbeddedDelivery, death: Death): SettleItem {
  const { runId, chunkId, start, end } = chunk;
  const { attempts, workerId, stackId, stack } = death;
  const completedAt = new Date().toISOString();
  const error = death.error.message;
  const base = { kind: 'dead' as const, runId, chunkId, start, end, attempts, workerId, error, stackId, stack };
  const letter = { attempts, error, stack_id: stackId, stack, worker_id: workerId, failed_at: completedAt };
  return ['dead-letter', id, attempt, encodeRecord({ ...base, completedAt }), letter];
}
