/** The append-only file: lines are taken at once, and are on the disk when `durable` says so; one sync serves many. */
import { delay } from '../../../runtime/backoff.js';
import { asError } from '../../../runtime/errors.js';
import type { Logger } from '../../../runtime/logger.js';
import { encodeLine, FIRST_LINE } from '../lines.js';
import type { Disk } from './disk.js';

const FULL_MS = 1000;
const READER_MS = 1000;
const TELL_EVERY_MS = 30_000;

interface Waiter {
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Journal {
  readonly path: string;
  readonly #disk: Disk;
  readonly #log: Logger;
  readonly #failed: (error: Error) => void;
  readonly #closing = new AbortController();
  #pending: Buffer[] = [];
  /** Where the next line comes. */
  #next: number;
  #durable: number;
  /** How far the last mark in the file says that all is on the disk. */
  #marked: number;
  #waiters: Waiter[] = [];
  readonly #readers = new Set<() => void>();
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;
  #toldAt = -Infinity;

  /**
   * @param size of the file, all of it whole lines that are on the disk
   * @param failed told when nothing more can be written
   */
  constructor(path: string, disk: Disk, size: number, log: Logger, failed: (error: Error) => void = () => {}) {
    this.#failed = failed;
    this.path = path;
    this.#disk = disk;
    this.#log = log;
    this.#next = this.#durable = this.#marked = size;
  }

  /** How much of the file is on the disk: only that is shown to anyone. */
  get end(): number {
    return this.#durable;
  }

  /** Whether lines are taken: it is not closed, and its disk has not failed. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** @returns the line's offset. @throws Error where the file cannot be written any more */
  append(line: Buffer): number {
    if (this.#failure) throw this.#failure;
    if (this.#next === 0) this.#push(FIRST_LINE);
    // A torn end is told from a damaged middle by these marks, see recover.ts.
    if (this.#pending.length === 0 && this.#durable > this.#marked) {
      this.#marked = this.#durable;
      this.#push(encodeLine('s', String(this.#durable)));
    }
    const offset = this.#next;
    this.#push(line);
    this.#writing ??= this.#write();
    return offset;
  }

  /** Resolves once all that was appended so far is on the disk. */
  durable(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#durable >= this.#next) return Promise.resolve();
    const end = this.#next;
    return new Promise((resolve, reject) => this.#waiters.push({ end, resolve, reject }));
  }

  /** As `durable`, but not for long: a disk that is full does not keep a reader from what is there. */
  async nearlyDurable(): Promise<void> {
    if (this.#durable >= this.#next) return;
    const over = new AbortController();
    await Promise.race([this.durable(), delay(READER_MS, over.signal)]);
    over.abort();
  }

  /** Whole lines from `from` on, about `most` bytes of them; empty at the end. */
  async read(from: number, most: number): Promise<Buffer> {
    for (let size = most; ; size *= 4) {
      const bytes = await this.readAt(from, Math.min(size, Math.max(0, this.#durable - from)));
      const end = bytes.lastIndexOf(10) + 1;
      if (end > 0 || bytes.length < size) return bytes.subarray(0, end);
    }
  }

  async readAt(from: number, length: number): Promise<Buffer> {
    const into = Buffer.allocUnsafe(length);
    return into.subarray(0, await this.#disk.read(into, from));
  }

  /** Resolves when the file has more than `from`, or nobody waits any more. */
  async grown(from: number, signal: AbortSignal): Promise<void> {
    while (this.#durable <= from && !signal.aborted && !this.#closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#readers.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#readers.add(done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writing;
    this.#failure ??= new Error(`${this.path} is closed`);
    this.#wakeReaders();
    await this.#disk.close();
  }

  #push(line: Buffer): void {
    this.#pending.push(line);
    this.#next += line.length;
  }

  /** One write and one sync for all that has come since the last one. */
  async #write(): Promise<void> {
    try {
      // What is appended in the same moment is written together.
      await Promise.resolve();
      while (this.#pending.length > 0) {
        const bytes = Buffer.concat(this.#pending);
        const end = this.#next;
        this.#pending = [];
        await this.#put(bytes, end - bytes.length);
        await this.#disk.sync();
        this.#durable = end;
        this.#confirm();
      }
    } catch (thrown) {
      this.#fail(asError(thrown));
    } finally {
      this.#writing = undefined;
    }
  }

  /** All of the bytes. Waits while the disk is full: then nothing is confirmed, and nothing is lost. */
  async #put(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      try {
        done += await this.#disk.write(done > 0 ? bytes.subarray(done) : bytes, position + done);
      } catch (thrown) {
        if (!isFull(thrown) || this.#closing.signal.aborted) throw thrown;
        this.#tellFull(asError(thrown));
        await delay(FULL_MS, this.#closing.signal);
      }
    }
    if (this.#toldAt > -Infinity) this.#log.info({ file: this.path }, 'the disk has space again');
    this.#toldAt = -Infinity;
  }

  #confirm(): void {
    const over = this.#waiters.filter(({ end }) => end <= this.#durable);
    this.#waiters = this.#waiters.filter(({ end }) => end > this.#durable);
    for (const { resolve } of over) resolve();
    this.#wakeReaders();
  }

  #wakeReaders(): void {
    for (const wake of [...this.#readers]) wake();
  }

  /** What a failed sync has written is unknown, and a second one would not tell: nothing more is taken. */
  #fail(error: Error): void {
    this.#failure = new Error(
      `the log ${this.path} cannot be written (${error.message}): nothing more is recorded. What was confirmed is ` +
        'kept: see to the disk, then start the run again',
      { cause: error },
    );
    this.#log.error({ file: this.path, reason: error.message }, 'the log cannot be written, nothing more is recorded');
    for (const { reject } of this.#waiters) reject(this.#failure);
    this.#waiters = [];
    this.#pending = [];
    this.#wakeReaders();
    this.#failed(this.#failure);
  }

  #tellFull({ message }: Error): void {
    if (performance.now() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = performance.now();
    this.#log.error(
      { file: this.path, reason: message },
      'the disk is full: nothing is recorded until there is space. Free some; the run goes on by itself',
    );
  }
}

function isFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String((thrown as NodeJS.ErrnoException).code));
}
