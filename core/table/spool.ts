/**
 * The values of the records that count, on disk, so that a log of any order is read back in the order of parameters:
 * memory holds some forty bytes a record, not its values.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Wider } from '../ledger/duplicates.js';
import type { CountedObserver } from '../ledger/ledger.js';
import type { Interval } from '../model/interval.js';
import type { Value } from '../model/value.js';
import { forEachOf } from '../store/pool.js';
import { AT_ONCE, type FetchValues } from '../store/read-values.js';
import type { ResultRecord, ValuesAt } from '../wire/records.js';

/** Texts are written together up to this many bytes. */
const BLOCK_BYTES = 1 << 20;

/** A counted record, with its values where the run keeps them. */
export interface Piece extends Interval {
  readonly attempt: number;
  readonly values: readonly Value[] | undefined;
}

export class Spool implements CountedObserver, Disposable {
  readonly #dir: string;
  readonly #file: number;
  readonly #seen: (values: readonly Value[], start: number) => void;
  // One number for each record, so that ten million records of one parameter stay affordable.
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #attempts: number[] = [];
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  /** Records that a wider one replaced, by their borders. */
  readonly #replaced = new Set<string>();
  /** Records whose values lie elsewhere: the file has their addresses until they are fetched. */
  #elsewhere: number[] = [];
  #block: Buffer[] = [];
  #blockBytes = 0;
  #written = 0;
  #lacksValues = false;

  /** @param seen is shown the values of each record, in the order of the log */
  constructor(seen: (values: readonly Value[], start: number) => void) {
    this.#dir = mkdtempSync(join(tmpdir(), 'ttg-table-'));
    this.#file = openSync(join(this.#dir, 'values'), 'w+', 0o600);
    this.#seen = seen;
  }

  /** Whether a record came without its values. */
  get lacksValues(): boolean {
    return this.#lacksValues;
  }

  counted({ start, end, attempt, values, valuesAt }: ResultRecord): void {
    this.#starts.push(start);
    this.#ends.push(end);
    this.#attempts.push(attempt);
    const at = this.#offsets.push(0) - 1;
    this.#sizes.push(0);
    if (values) this.#keep(at, values);
    else if (valuesAt) {
      this.#elsewhere.push(at);
      this.#write(at, serialize(valuesAt));
    } else this.#lacksValues = true;
  }

  /**
   * Once the whole log is read: values take the places of their addresses.
   * @param fetchValues undefined: those records lack their values
   */
  async fetch(fetchValues: FetchValues | undefined): Promise<void> {
    this.#flush();
    const left = this.#elsewhere;
    this.#elsewhere = [];
    await forEachOf(left, AT_ONCE, async (at) => {
      const parameters = { start: this.#number(this.#starts, at), end: this.#number(this.#ends, at) };
      if (this.#isReplaced(parameters)) return;
      const values = await fetchValues?.(this.#read(at) as ValuesAt, parameters);
      if (values) return this.#keep(at, values);
      this.#sizes[at] = 0;
      this.#lacksValues = true;
    });
  }

  widened({ record, replaces }: Wider): void {
    for (const { start, end } of replaces) this.#replaced.add(`${start}-${end}`);
    this.counted(record);
  }

  /** In the order of parameters. */
  *pieces(): Generator<Piece> {
    this.#flush();
    const order = Uint32Array.from(this.#starts.keys());
    order.sort((a, b) => this.#number(this.#starts, a) - this.#number(this.#starts, b));
    for (const at of order) {
      const start = this.#number(this.#starts, at);
      const end = this.#number(this.#ends, at);
      if (this.#isReplaced({ start, end })) continue;
      yield { start, end, attempt: this.#number(this.#attempts, at), values: this.#values(at) };
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #values(at: number): readonly Value[] | undefined {
    return this.#number(this.#sizes, at) === 0 ? undefined : (this.#read(at) as readonly Value[]);
  }

  #keep(at: number, values: readonly Value[]): void {
    this.#seen(values, this.#number(this.#starts, at));
    this.#write(at, serialize(values));
  }

  #write(at: number, bytes: Buffer): void {
    this.#offsets[at] = this.#written + this.#blockBytes;
    this.#sizes[at] = bytes.length;
    this.#block.push(bytes);
    this.#blockBytes += bytes.length;
    if (this.#blockBytes >= BLOCK_BYTES) this.#flush();
  }

  #read(at: number): unknown {
    const size = this.#number(this.#sizes, at);
    const bytes = Buffer.allocUnsafe(size);
    readSync(this.#file, bytes, 0, size, this.#number(this.#offsets, at));
    return deserialize(bytes);
  }

  #isReplaced({ start, end }: Interval): boolean {
    return this.#replaced.size > 0 && this.#replaced.has(`${start}-${end}`);
  }

  #number(of: readonly number[], at: number): number {
    return of[at] as number;
  }

  #flush(): void {
    if (this.#blockBytes === 0) return;
    const bytes = Buffer.concat(this.#block);
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
    this.#written += bytes.length;
    this.#block = [];
    this.#blockBytes = 0;
  }
}
