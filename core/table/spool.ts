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
import { firstIndex, type Interval } from '../model/interval.js';
import type { Value } from '../model/value.js';
import { forEachOf } from '../runtime/side-by-side.js';
import { AT_ONCE, type FetchValues } from '../store/read-values.js';
import type { ResultRecord, ValuesAt } from '../wire/records.js';

/** Texts are written together up to this many bytes. */
const BLOCK_BYTES = 1 << 20;
/** Records that a reader of single parameters keeps: two grids go through each other's records side by side. */
const RECENT = 32;

/** A counted record, with its values where the run keeps them. */
export interface Piece extends Interval {
  readonly attempt: number;
  readonly values: readonly Value[] | undefined;
}

/** One parameter of such a record. */
export interface Found {
  readonly attempt: number;
  /** undefined where the run keeps none. */
  readonly value: Value | undefined;
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
      if (this.#replaced.has(`${parameters.start}-${parameters.end}`)) return;
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
    for (const at of this.#order()) if (!this.#isReplaced(at)) yield this.#piece(at);
  }

  /** Finds single parameters; those that follow one another cost one look at the disk a record. */
  reader(): (index: number) => Found | undefined {
    this.#flush();
    const order = this.#order().filter((at) => !this.#isReplaced(at));
    const starts = Float64Array.from(order, (at) => this.#number(this.#starts, at));
    const recent = new Map<number, Piece>();
    let last: Piece | undefined;
    return (index) => {
      if (!last || index < last.start || index > last.end) {
        const place = firstIndex(starts, (start) => start > index) - 1;
        const at = order[place];
        if (at === undefined || index > this.#number(this.#ends, at)) return undefined;
        last = recent.get(at) ?? this.#piece(at);
        recent.delete(at);
        recent.set(at, last);
        for (const oldest of recent.keys()) {
          if (recent.size <= RECENT) break;
          recent.delete(oldest);
        }
      }
      return { attempt: last.attempt, value: last.values?.[index - last.start] };
    };
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #order(): Uint32Array {
    const order = Uint32Array.from(this.#starts.keys());
    return order.sort((a, b) => this.#number(this.#starts, a) - this.#number(this.#starts, b));
  }

  #isReplaced(at: number): boolean {
    if (this.#replaced.size === 0) return false;
    return this.#replaced.has(`${this.#number(this.#starts, at)}-${this.#number(this.#ends, at)}`);
  }

  #piece(at: number): Piece {
    const start = this.#number(this.#starts, at);
    const end = this.#number(this.#ends, at);
    return { start, end, attempt: this.#number(this.#attempts, at), values: this.#values(at) };
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
