/** The fenced steps that end, extend or pass on leases; each answers for each lease whether it was still ours. */
import type { Death, Settlement } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import type { Config } from '../../runtime/config.js';
import { Unrecordable } from '../../runtime/errors.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { encodeRecord } from '../../wire/record-codec.js';
import { whyUnreadable } from '../../wire/recordable.js';
import type { ResultRecord, Wire } from '../../wire/records.js';
import { batchesOf, MOST_ITEMS, type Item } from './batches.js';
import { toFields } from './codec.js';
import { columnsOf } from './columns.js';
import type { Lease, RedisDelivery } from './delivery.js';
import { DELAYED, RELEASED, type Keys } from './keys.js';
import type { Link } from './link.js';
import type { Arg, Script, Scripts } from './scripts.js';

/**
 * Redis would take more, at the cost of others. Measured: for a record of 15 MiB it needs 50 MiB more for a moment, one
 * of 60 MiB takes 210 MiB and 5 s, for 0.8 s of which it answers nobody.
 */
export const MAX_RECORD_BYTES = 16 << 20;

/** Of its values, in characters: without them records are much alike. */
function lengthOf({ values_packed, values }: Wire): number {
  if (typeof values_packed === 'string') return values_packed.length;
  return values === undefined ? 0 : JSON.stringify(values).length;
}

type Completion = Extract<Settlement, { verb: 'complete' }>;

export class Settler {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #consumer: string;
  readonly #retryIdleMs: number;
  readonly #staleMs: number;

  constructor(link: Link, keys: Keys, scripts: Scripts, config: Config) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#consumer = config.workerName;
    this.#staleMs = config.STALE_THRESHOLD_MS;
    this.#retryIdleMs = config.STALE_THRESHOLD_MS - config.RETRY_DELAY_MS;
  }

  /** @throws Unrecordable */
  static item(delivery: RedisDelivery, { result, rest }: Pick<Completion, 'result' | 'rest'>): Item {
    const { runId, chunkId, start, end } = delivery.chunk;
    const finished = rest?.[0] ? rest[0].start - 1 : end;
    const record: ResultRecord = {
      kind: 'result',
      runId,
      chunkId,
      start,
      end: finished,
      attempt: delivery.attempt,
      ...result,
    };
    const wire = encodeRecord(record);
    const fault = whyUnreadable(wire);
    if (fault !== undefined) throw new Unrecordable(`the result of chunk ${chunkId} has no encoding: ${fault}`);
    const length = 200 + lengthOf(wire);
    if (length > MAX_RECORD_BYTES) {
      throw new Unrecordable(
        `the values of chunk ${chunkId} take ${length} bytes, and one record may have ${MAX_RECORD_BYTES}: ` +
          'make smaller chunks (CHUNK_SIZE; chart: run.chunkSize), or keep no values (RESULTS_STORE=none; chart: results.store)',
      );
    }
    return { lease: delivery.lease, record, wire, length };
  }

  async complete(items: readonly Item[]): Promise<boolean[]> {
    const answers: boolean[] = [];
    for (const batch of batchesOf(items)) answers.push(...(await this.#complete(batch)));
    return answers;
  }

  /** The first part has its result, the rest goes back as pieces. */
  async completePart({ lease, record, wire }: Item, rest: readonly Chunk[]): Promise<boolean> {
    const { start, end, runId } = record;
    const fields = toFields(wire);
    const args = [lease.id, lease.count, start, end, fields.length, ...fields, ...pieceArgs(rest)];
    const [done] = await this.#step(this.#scripts.part, [this.#keys.log, this.#keys.done(runId)], args);
    return done === true;
  }

  extend(leases: readonly Lease[]): Promise<boolean[]> {
    return this.#pass(leases, this.#consumer, 0, 0);
  }

  retry(leases: readonly Lease[]): Promise<boolean[]> {
    return this.#pass(leases, DELAYED, this.#retryIdleMs, 0);
  }

  release(leases: readonly Lease[]): Promise<boolean[]> {
    return this.#pass(leases, RELEASED, this.#staleMs, -1);
  }

  /** Out of the queue, into the stream of parked chunks or nowhere; back to it where the run is not halted any more. */
  async remove(deliveries: readonly RedisDelivery[], keep: boolean): Promise<boolean[]> {
    const { parked, halted } = this.#keys;
    const answers: boolean[] = [];
    for (let at = 0; at < deliveries.length; at += MOST_ITEMS) {
      const rows = deliveries.slice(at, at + MOST_ITEMS).map(({ lease, chunk }) => {
        return [lease.id, lease.count, chunk.runId, ...(keep ? toFields(encodeChunk(chunk)) : [])];
      });
      const args = [DELAYED, this.#retryIdleMs, (rows[0] as Arg[]).length - 3, ...rows.flat()];
      answers.push(...(await this.#step(this.#scripts.remove, [parked, halted], args)));
    }
    return answers;
  }

  async split({ id, count }: Lease, pieces: readonly Chunk[]): Promise<boolean> {
    const [done] = await this.#step(this.#scripts.split, [], [id, count, ...pieceArgs(pieces)]);
    return done === true;
  }

  bury({ chunk, lease }: RedisDelivery, death: Death): Promise<boolean> {
    const { runId, chunkId, start, end } = chunk;
    const { attempts, workerId, stackId, stack, error } = death;
    const completedAt = new Date().toISOString();
    const record = encodeRecord({
      kind: 'dead',
      runId,
      chunkId,
      start,
      end,
      attempts,
      workerId,
      error: error.message,
      stackId,
      stack,
      completedAt,
    });
    const added = {
      attempts,
      error: error.message,
      stack_id: stackId,
      stack,
      worker_id: workerId,
      failed_at: completedAt,
    };
    return this.#bury(lease, this.#keys.done(runId), [start, end, runId], toFields(record), toFields(added));
  }

  /** To the dead-letter queue as it is; what it stood for is unknown, so the log says nothing of it. */
  buryUndecodable(lease: Lease, reason: string, failedAt: string): Promise<boolean> {
    return this.#bury(lease, '', [0, 0, ''], [], toFields({ error: reason, failed_at: failedAt }));
  }

  async #bury({ id, count }: Lease, done: string, of: readonly Arg[], record: Arg[], added: Arg[]): Promise<boolean> {
    const { log, dlq, dead } = this.#keys;
    const args = [id, count, ...of, record.length, ...record, ...added];
    const [buried] = await this.#step(this.#scripts.bury, [log, dlq, done, dead], args);
    return buried === true;
  }

  #complete(items: readonly Item[]): Promise<boolean[]> {
    const columns = columnsOf(
      items.map(({ wire }) => wire),
      ['start_param', 'end_param'],
    );
    const rows: Arg[] = [];
    for (const { lease, wire } of items) {
      rows.push(lease.id, lease.count);
      columns.row(wire, rows);
    }
    const args = [items.length, ...columns.head, JSON.stringify(rows)];
    const runId = (items[0] as Item).record.runId;
    return this.#step(this.#scripts.complete, [this.#keys.log, this.#keys.done(runId)], args);
  }

  async #pass(leases: readonly Lease[], target: string, idleMs: number, change: number): Promise<boolean[]> {
    const answers: boolean[] = [];
    for (let at = 0; at < leases.length; at += MOST_ITEMS) {
      const items = leases.slice(at, at + MOST_ITEMS).flatMap(({ id, count }) => [id, count]);
      answers.push(...(await this.#step(this.#scripts.reassign, [], [target, idleMs, change, ...items])));
    }
    return answers;
  }

  #step(script: Script, keys: readonly string[], args: readonly Arg[]): Promise<boolean[]> {
    return this.#link.run(async (redis, again) => {
      const head = [this.#keys.group, this.#consumer, again ? 1 : 0];
      const reply = await script.run(redis, [this.#keys.tasks, ...keys], [...head, ...args]);
      return Array.from(String(reply), (answer) => answer === '1');
    });
  }
}

function pieceArgs(pieces: readonly Chunk[]): Arg[] {
  return pieces.flatMap((piece) => {
    const fields = toFields(encodeChunk(piece));
    return [fields.length, ...fields];
  });
}
