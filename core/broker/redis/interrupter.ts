/** Ends a blocking read early without losing what it has leased. */
import type { Redis } from 'ioredis';
import { delay } from '../../runtime/backoff.js';
import type { Link } from './link.js';

/** Closing the connection instead would lose the entries of an answer under way: they are leased to us by then. */
export class Interrupter {
  readonly #commands: Link;
  #socket: unknown;
  #id: Promise<unknown> = Promise.resolve(undefined);

  /** @param commands a connection other than the one that blocks */
  constructor(commands: Link) {
    this.#commands = commands;
  }

  /** @param read sends the blocking command over `redis` */
  async run<T>(redis: Redis, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    if (this.#socket !== redis.stream) {
      // Asked ahead of the first read of each connection, in the same packet.
      this.#socket = redis.stream;
      this.#id = redis.call('CLIENT', 'ID').catch(() => undefined);
    }
    // Made when it is needed: this runs for every batch.
    let finished: AbortController | undefined;
    const onAbort = (): void => void this.#unblock((finished = new AbortController()).signal);
    const reading = read();
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await reading;
    } finally {
      finished?.abort();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #unblock(finished: AbortSignal): Promise<void> {
    const id = await this.#id;
    // Again and again, as it may arrive before the read that it is to end.
    while (typeof id === 'number' && !finished.aborted) {
      await this.#commands
        .run((redis) => redis.call('CLIENT', 'UNBLOCK', id, 'TIMEOUT'), finished)
        .catch(() => undefined);
      await delay(20, finished);
    }
  }
}
