/** The fenced steps that end, extend or pass on a lease; each answers whether the lease was still ours. */
import type { Config } from '../../runtime/config.js';
import type { Interval } from '../../model/interval.js';
import type { Chunk } from '../../model/chunk.js';
import type { DeadRecord, ResultRecord, Wire } from '../../wire/records.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { encodeRecord } from '../../wire/record-codec.js';
import { Batcher } from './batcher.js';
import { columnsOf } from './columns.js';
import { toFields } from './codec.js';
import { DELAYED, RELEASED, type Keys } from './keys.js';
import type { Link } from './link.js';
import type { Arg, Script, Scripts } from './scripts.js';

/** What the fence compares: the entry, and how often it has been delivered. */
export interface Lease {
  readonly id: string;
  readonly count: number;
}

interface Completion {
  readonly lease: Lease;
  readonly record: ResultRecord;
}

export class Settler {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #consumer: string;
  readonly #completions: Batcher<Completion>;
  readonly #heartbeats: Batcher<Lease>;
  readonly #retries: Batcher<Lease>;
  readonly #releases: Batcher<Lease>;

  constructor(link: Link, keys: Keys, scripts: Scripts, config: Config) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#consumer = config.workerName;
    this.#completions = new Batcher((items) => this.#complete(items), {
      // One call is for one run, and its records have the same fields.
      joins: ({ record }, before) => record.runId === before.record.runId && !record.values === !before.record.values,
      length: ({ record }) => 200 + 20 * (record.values?.length ?? 0),
    });
    this.#heartbeats = this.#passing(config.workerName, 0, 0);
    this.#retries = this.#passing(DELAYED, config.STALE_THRESHOLD_MS - config.RETRY_DELAY_MS, 0);
    this.#releases = this.#passing(RELEASED, config.STALE_THRESHOLD_MS, -1);
  }

  complete(lease: Lease, record: ResultRecord): Promise<boolean> {
    return this.#completions.push({ lease, record });
  }

  extend(lease: Lease): Promise<boolean> {
    return this.#heartbeats.push(lease);
  }

  retry(lease: Lease): Promise<boolean> {
    return this.#retries.push(lease);
  }

  release(lease: Lease): Promise<boolean> {
    return this.#releases.push(lease);
  }

  async split({ id, count }: Lease, pieces: readonly Chunk[]): Promise<boolean> {
    const args = pieces.flatMap((piece) => {
      const fields = toFields(encodeChunk(piece));
      return [fields.length, ...fields];
    });
    const [done] = await this.#step(this.#scripts.split, [], [id, count, ...args]);
    return done === true;
  }

  bury(lease: Lease, record: DeadRecord): Promise<boolean> {
    const { attempts, error, stack, workerId, completedAt } = record;
    const added = toFields({ attempts, error, stack, worker_id: workerId, failed_at: completedAt });
    return this.#bury(lease, this.#keys.done(record.runId), record, toFields(encodeRecord(record)), added);
  }

  /** To the dead-letter queue as it is; what it stood for is unknown, so the log says nothing of it. */
  buryUndecodable(lease: Lease, reason: string, failedAt: string): Promise<boolean> {
    return this.#bury(lease, '', { start: 0, end: 0 }, [], toFields({ error: reason, failed_at: failedAt }));
  }

  async #bury({ id, count }: Lease, done: string, piece: Interval, record: Arg[], added: Arg[]): Promise<boolean> {
    const args = [id, count, piece.start, piece.end, record.length, ...record, ...added];
    const [buried] = await this.#step(this.#scripts.bury, [this.#keys.log, this.#keys.dlq, done], args);
    return buried === true;
  }

  #complete(items: readonly Completion[]): Promise<boolean[]> {
    const wires = items.map(({ record }) => encodeRecord(record));
    const columns = columnsOf(wires, ['start_param', 'end_param']);
    const rows: Arg[] = [];
    items.forEach(({ lease }, i) => {
      rows.push(lease.id, lease.count);
      columns.row(wires[i] as Wire, rows);
    });
    const args = [items.length, ...columns.head, JSON.stringify(rows)];
    const runId = (items[0] as Completion).record.runId;
    return this.#step(this.#scripts.complete, [this.#keys.log, this.#keys.done(runId)], args);
  }

  #passing(target: string, idle: number, change: number): Batcher<Lease> {
    return new Batcher((leases) =>
      this.#step(this.#scripts.reassign, [], [target, idle, change, ...leases.flatMap(({ id, count }) => [id, count])]),
    );
  }

  #step(script: Script, keys: readonly string[], args: readonly Arg[]): Promise<boolean[]> {
    return this.#link.run(async (redis, again) => {
      const reply = await script.run(
        redis,
        [this.#keys.tasks, ...keys],
        [this.#keys.group, this.#consumer, again ? 1 : 0, ...args],
      );
      return Array.from(String(reply), (answer) => answer === '1');
    });
  }
}
