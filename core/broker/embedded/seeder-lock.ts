/** The right to publish: a token that the coordinator knows, renewed while its holder lives. */
import { randomBytes } from 'node:crypto';
import { SeederBusy } from '../../runtime/errors.js';
import type { Link } from './link.js';

const RENEW_MS = 3000;

export class SeederLock implements AsyncDisposable {
  readonly token = randomBytes(8).toString('hex');
  /** Id up to which the queue was listed under this lock; 0 if it was not. */
  listedTo = 0;
  readonly #link: Link;
  #renewal: NodeJS.Timeout | undefined;
  /** Number of the next window published under this lock: never used twice, however many calls publish. */
  #windows = 0;

  private constructor(link: Link) {
    this.#link = link;
  }

  /** @throws SeederBusy while another seeder holds it */
  static async take(link: Link): Promise<SeederLock> {
    const lock = new SeederLock(link);
    if (!(await lock.#hold())) {
      throw new SeederBusy('another seeder publishes: wait until it is done; the right of one that died ends with it');
    }
    // Publishing renews it too, and tells where it was lost.
    lock.#renewal = setInterval(() => void lock.#hold().catch(() => undefined), RENEW_MS).unref();
    return lock;
  }

  nextWindow(): number {
    return this.#windows++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal);
    // Best effort: what cannot be given back ends with the connection.
    if (!this.#link.closed) await this.#link.ask<'seeded'>({ op: 'seeded', token: this.token }).catch(() => undefined);
  }

  async #hold(): Promise<boolean> {
    const { token, listedTo } = this;
    return (await this.#link.ask<'seed'>({ op: 'seed', token, listedTo })).header.granted;
  }
}
