/** A file of lines that a user named: written no faster than the disk takes them, and refused by its name. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { asError, CannotWrite } from './errors.js';
import { refusedPlace } from './folders.js';

export class LineFile implements AsyncDisposable {
  readonly #place: string;
  readonly #remedy: string;
  readonly #stream: WriteStream;
  #failure: Error | undefined;
  /** That it fails is told once. */
  #isTold = false;

  private constructor(place: string, remedy: string, stream: WriteStream) {
    this.#place = place;
    this.#remedy = remedy;
    this.#stream = stream;
    stream.on('error', (error) => (this.#failure ??= error));
  }

  /**
   * @param option that named the path: `--joblog`
   * @param head the first lines, on the disk when this resolves
   * @param remedy where the disk takes nothing more in the middle
   * @throws ConfigError where the file cannot be written
   */
  static async open(option: string, path: string, head: string, remedy: string): Promise<LineFile> {
    const place = `${option} ${path}`;
    const stream = createWriteStream(path);
    // Beside the answer to whoever writes comes an event, which nobody may leave unheard.
    stream.on('error', () => undefined);
    try {
      await once(stream, 'open');
      // A disk that is full says so only to whoever writes.
      if (head !== '')
        await new Promise<void>((resolve, reject) =>
          stream.write(head, (error) => (error ? reject(error) : resolve())),
        );
    } catch (thrown) {
      throw refusedPlace(place, thrown);
    }
    return new LineFile(place, remedy, stream);
  }

  /**
   * @param text whole lines
   * @returns a promise while the disk is behind
   * @throws CannotWrite where it takes nothing any more
   */
  write(text: string): Promise<unknown> | undefined {
    if (this.#failure) throw this.#cannotWrite(this.#failure);
    if (this.#stream.write(text)) return undefined;
    return once(this.#stream, 'drain').catch((thrown: unknown) => {
      throw this.#cannotWrite(asError(thrown));
    });
  }

  /** @throws CannotWrite where the end of it is not written, unless that was told before */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isTold) return;
    const ended = finished(this.#stream);
    this.#stream.end();
    try {
      await ended;
    } catch (thrown) {
      throw this.#cannotWrite(this.#failure ?? asError(thrown));
    }
  }

  #cannotWrite({ message }: Error): CannotWrite {
    this.#isTold = true;
    return new CannotWrite(`${this.#place}: ${message}. It is not whole. ${this.#remedy}`);
  }
}
