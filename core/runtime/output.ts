/**
 * Standard output and standard error: one writer for each, which waits for its reader instead of blocking the process.
 *
 * Node's own streams are that writer. They wait in the event loop; a destination that calls fs.write (sonic-boom, hence
 * pino.destination) keeps a thread in the system call while the pipe is full, and a process with such a thread cannot
 * end.
 */
import type { Writable } from 'node:stream';
import { asError } from './errors.js';

export class Output {
  readonly #stream: Writable;
  readonly #name: string;
  #closed = false;

  /** @param name for messages */
  constructor(stream: Writable, name: string) {
    this.#stream = stream;
    this.#name = name;
    // Without a listener a reader that leaves would crash the process.
    stream.on('error', (error: NodeJS.ErrnoException) => (this.#closed ||= hasLeft(error)));
  }

  /** Whether the reader has left: what is written from now on goes nowhere. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes, nearly, that wait for the reader. */
  get waiting(): number {
    return this.#stream.writableLength;
  }

  /**
   * Resolves once the system has taken all of the text, or bytes. What is written meanwhile comes behind it, never into
   * it.
   * @throws Error where the text is lost: the reader has left, or the disk is full
   */
  write(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (!error) return resolve();
        this.#closed ||= hasLeft(error);
        reject(new Error(`${this.#name} does not take what is written to it: ${error.message}`, { cause: error }));
      });
    });
  }

  /**
   * For an answer whose reader may have seen enough, as in `ttg results --csv | head`.
   * @returns whether somebody still reads
   * @throws Error where the answer is lost for another reason
   */
  async print(text: string | Uint8Array): Promise<boolean> {
    if (this.#closed) return false;
    try {
      await this.write(text);
    } catch (thrown) {
      if (!this.#closed) throw thrown;
    }
    return !this.#closed;
  }

  /** Writes without waiting, and without a word where it is in vain. The caller looks at `waiting`. */
  push(text: string): void {
    if (!this.#closed) this.#stream.write(text);
  }

  /** Resolves once nothing waits any more, when the reader has left, or when the signal aborts; never rejects. */
  flush(signal?: AbortSignal): Promise<void> {
    if (this.#closed || this.waiting === 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve(), { once: true });
      this.#stream.write('', () => resolve());
    });
  }
}

/** The process has one of each, and each may have only one listener of ours. */
const standards = new Map<1 | 2, Output>();

/** @param fd 1 for standard output, 2 for standard error */
export function standard(fd: 1 | 2): Output {
  const known = standards.get(fd);
  if (known) return known;
  const output =
    fd === 1 ? new Output(process.stdout, 'standard output') : new Output(process.stderr, 'standard error');
  standards.set(fd, output);
  return output;
}

/** A pipe says EPIPE, a socket may say ECONNRESET; a stream that failed before says that it is destroyed. */
function hasLeft(thrown: unknown): boolean {
  const error = asError(thrown);
  return 'code' in error && ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(String(error.code));
}
