/** The right to publish: one key with a token, which lapses with its holder. */
import { randomUUID } from 'node:crypto';
import { asError, SeederBusy } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';

const HOLD_MS = 10_000;
const RENEW_MS = 3_000;

export class SeederLock implements AsyncDisposable {
  readonly token: string;
  /** Id up to which the queue was listed under this lock; empty if it was not. */
  listedTo = '';
  readonly #renewal: NodeJS.Timeout;
  readonly #hold: (ms: number) => Promise<boolean>;
  readonly #link: Link;
  /** Number of the next window published under this lock: never used twice, however many calls publish. */
  #windows = 0;

  private constructor(token: string, link: Link, keys: Keys, scripts: Scripts, log: Logger) {
    this.token = token;
    this.#link = link;
    this.#hold = async (ms) => (await link.run((redis) => scripts.hold.run(redis, [keys.lock], [token, ms]))) === 1;
    this.#renewal = setInterval(() => void this.#renew(log), RENEW_MS).unref();
  }

  /** @throws SeederBusy while another seeder holds it */
  static async take(link: Link, keys: Keys, scripts: Scripts, log: Logger): Promise<SeederLock> {
    const token = randomUUID();
    // With GET the answer is the value before, which is our token if an earlier try succeeded unheard.
    const before = await link.run((redis) => redis.call('SET', keys.lock, token, 'NX', 'PX', HOLD_MS, 'GET'));
    if (before === null || before === token) return new SeederLock(token, link, keys, scripts, log);
    throw new SeederBusy(
      `another seeder holds ${keys.lock}: wait until it is done; the lock of a seeder that died lapses after ${HOLD_MS / 1000} s`,
    );
  }

  nextWindow(): number {
    return this.#windows++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal);
    // Best effort: what cannot be released lapses.
    if (!this.#link.closed) await this.#hold(0).catch(() => undefined);
  }

  async #renew(log: Logger): Promise<void> {
    if (this.#link.closed) return clearInterval(this.#renewal);
    try {
      if (await this.#hold(HOLD_MS)) return;
      clearInterval(this.#renewal);
      log.warn('the seeder lock lapsed');
    } catch (error) {
      log.warn({ reason: asError(error).message }, 'the seeder lock could not be renewed');
    }
  }
}
