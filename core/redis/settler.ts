/** The fenced steps that end, extend or pass on a lease; each answers whether the lease was still ours. */
import type { Config } from '../config.js';
import type { Interval } from '../interval.js';
import { encodeChunk, encodeRecord, type Chunk, type DeadRecord, type ResultRecord } from '../messages.js';
import { Batcher, type Item } from './batcher.js';
import { toFields } from './fields.js';
import { DELAYED, RELEASED, type Keys } from './keys.js';
import type { Link } from './link.js';
import type { Arg, Script, Scripts } from './scripts.js';

/** What the fence compares: the entry, and how often it has been delivered. */
export interface Lease {
  readonly id: string;
  readonly count: number;
}

export class Settler {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #consumer: string;
  readonly #completions: Batcher;
  readonly #heartbeats: Batcher;
  readonly #retries: Batcher;
  readonly #releases: Batcher;

  constructor(link: Link, keys: Keys, scripts: Scripts, config: Config) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#consumer = config.workerName;
    this.#completions = new Batcher((items) => this.#step(scripts.complete, [keys.log, ...items.map((i) => i.key as string)], items));
    this.#heartbeats = this.#passing(config.workerName, 0, 0);
    this.#retries = this.#passing(DELAYED, config.STALE_THRESHOLD_MS - config.RETRY_DELAY_MS, 0);
    this.#releases = this.#passing(RELEASED, config.STALE_THRESHOLD_MS, -1);
  }

  complete({ id, count }: Lease, record: ResultRecord): Promise<boolean> {
    const fields = toFields(encodeRecord(record));
    const args = [id, count, record.start, record.end, fields.length, ...fields];
    return this.#completions.push({ key: this.#keys.done(record.runId), args });
  }

  extend({ id, count }: Lease): Promise<boolean> {
    return this.#heartbeats.push({ args: [id, count] });
  }

  retry({ id, count }: Lease): Promise<boolean> {
    return this.#retries.push({ args: [id, count] });
  }

  release({ id, count }: Lease): Promise<boolean> {
    return this.#releases.push({ args: [id, count] });
  }

  async split({ id, count }: Lease, pieces: readonly Chunk[]): Promise<boolean> {
    const args = pieces.flatMap((piece) => {
      const fields = toFields(encodeChunk(piece));
      return [fields.length, ...fields];
    });
    const [done] = await this.#step(this.#scripts.split, [], [{ args: [id, count, ...args] }]);
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
    const [buried] = await this.#step(this.#scripts.bury, [this.#keys.log, this.#keys.dlq, done], [{ args }]);
    return buried === true;
  }

  #passing(target: string, idle: number, change: number): Batcher {
    return new Batcher((items) => this.#step(this.#scripts.reassign, [], [{ args: [target, idle, change] }, ...items]));
  }

  #step(script: Script, keys: readonly string[], items: readonly Item[]): Promise<boolean[]> {
    const args = items.flatMap((item) => item.args);
    return this.#link.run(async (redis, again) => {
      const reply = await script.run(redis, [this.#keys.tasks, ...keys], [this.#keys.group, this.#consumer, again ? 1 : 0, ...args]);
      return (Array.isArray(reply) ? reply : [reply]).map((answer) => answer === 1);
    });
  }
}
