/** The right to publish: an exclusive queue, which lives as long as the connection that made it. */
import { backoff, delay } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';
import { SeederBusy } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { codeOf, isMissingQueue, refusal, RESOURCE_LOCKED } from './failure.js';
import { Link } from './link.js';
import { openChannel } from './stream.js';

/** Taken on a connection of its own: the broker lets one connection take its own exclusive queue again and again. */
export class SeederLock implements AsyncDisposable {
  readonly #link: Link;
  readonly #queue: string;
  readonly #log: Logger;
  #disposed = false;

  private constructor(link: Link, queue: string, log: Logger) {
    this.#link = link;
    this.#queue = queue;
    this.#log = log;
  }

  /** @throws SeederBusy */
  static async take(config: Config, log: Logger, signal: AbortSignal, queue: string): Promise<SeederLock> {
    const lock = new SeederLock(new Link(config, log, signal, 'seeder'), queue, log);
    try {
      await lock.#acquire();
      return lock;
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #acquire(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#link.connection();
      try {
        const channel = await openChannel(connection, () => {});
        await channel.assertQueue(this.#queue, { exclusive: true, durable: false, autoDelete: false });
        connection.once('close', () => void this.#retake());
        return;
      } catch (error) {
        if (codeOf(error) === RESOURCE_LOCKED) {
          throw new SeederBusy(
            `another seeder publishes at this moment: it holds RabbitMQ queue ${this.#queue}. Wait until it is done, or delete its Job; ` +
              'what it holds lapses with its connection, at the latest 15 s after its node was lost',
            { cause: error },
          );
        }
        const refused = refusal(error, 'configure', `queue ${this.#queue}`);
        if (refused) throw refused;
        // The queue of a seeder that just died is on its way out.
        if (attempt >= 5 && !isMissingQueue(error)) throw error;
        await delay(backoff(attempt));
      }
    }
  }

  /** After a restart of the broker the lock is free for anyone. Two seeders do no harm, so this only tries. */
  async #retake(): Promise<void> {
    if (this.#disposed) return;
    try {
      await this.#acquire();
    } catch (error) {
      if (!this.#disposed) this.#log.warn({ reason: String(error) }, 'lost the right to publish');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#link.close();
  }
}
