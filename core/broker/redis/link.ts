/** One connection, and the patience with which commands are run over it. */
import { setMaxListeners } from 'node:events';
import type { Redis } from 'ioredis';
import { backoff, delay } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';
import { asError, BrokerAway, ConfigError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { Client } from './dial.js';
import { classify, reasonOf, refusal } from './failure.js';

/** How long a command waits for a broker that is away before it fails, or CONNECT_TIMEOUT_SECONDS where that is less. */
const MOST_PATIENCE_MS = 60_000;

const GIVEN_UP = 'gave up a command to Redis: the grace period is over, and it has not answered';

export class Link {
  readonly #client: Client;
  readonly #redis: Redis;
  readonly #log: Logger;
  readonly #patienceMs: number;
  #giveUp: AbortSignal | undefined;
  readonly #closing = new AbortController();
  #lost = false;
  #full = false;

  /** @param giveUp when it aborts no command waits any more: those that have no answer yet fail */
  constructor(
    client: Client,
    config: Pick<Config, 'CONNECT_TIMEOUT_SECONDS'>,
    log: Logger,
    giveUp: AbortSignal | undefined,
  ) {
    const { redis } = client;
    this.#client = client;
    this.#redis = redis;
    this.#log = log;
    this.#patienceMs = Math.min(config.CONNECT_TIMEOUT_SECONDS * 1000, MOST_PATIENCE_MS);
    this.#giveUp = giveUp;
    // One for each command that waits.
    redis.setMaxListeners(0);
    setMaxListeners(0, this.#closing.signal, ...(giveUp ? [giveUp] : []));
    redis.on('close', () => {
      if (this.#lost || this.closed) return;
      this.#lost = true;
      log.warn('lost the connection to Redis, reconnecting');
    });
    redis.on('ready', () => {
      if (this.#lost) log.info('connected to Redis again');
      this.#lost = false;
    });
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** From here on commands wait again, though the time to give up may be over: for as long as the caller waits. */
  takeLeave(): void {
    this.#giveUp = undefined;
  }

  /** Ends the connection and every wait for it. */
  close(): void {
    this.#closing.abort();
    this.#redis.disconnect();
  }

  /**
   * Runs a command, again and again while the broker is away or loading (up to a minute, or CONNECT_TIMEOUT_SECONDS
   * where that is less), or out of space (no limit: that is back-pressure). A command that is not idempotent must look at `again`.
   * @param command gets `again` = true if an earlier try may have taken effect although its answer was lost
   * @param signal ends the waiting, not a command that was sent
   * @throws the command's own error, or BrokerAway naming the remedy once patience ends
   */
  async run<T>(command: (redis: Redis, again: boolean) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let again = false;
    let since: number | undefined;
    let waited = false;
    for (let tries = 1; ; tries++) {
      try {
        const result = await this.#untilGivenUp(command(await this.#up(signal), again));
        if (waited) this.#full = false;
        return result;
      } catch (thrown) {
        const error = asError(thrown);
        const failure = classify(error);
        if (failure === 'refused') throw refusal(error, this.#client.where);
        if (failure === 'other') throw error;
        if (this.#giveUp?.aborted) throw new Error(GIVEN_UP, { cause: error });
        if (this.closed || signal?.aborted)
          throw new Error(`gave up a command to Redis because of a stop: ${reasonOf(error)}`);
        const fault = this.#client.fault();
        if (fault instanceof ConfigError) throw fault;
        again ||= failure === 'away';
        if (failure === 'full') {
          waited = true;
          since = undefined;
          this.#reportFull(error);
        } else {
          since ??= performance.now();
          if (performance.now() - since > this.#patienceMs) throw new BrokerAway(this.#remedy(error), { cause: error });
        }
        await this.#pause(failure === 'full' ? 500 : backoff(tries, 20, 500), signal);
      }
    }
  }

  /** The client, after a while at most: a connection that is still being opened is not yet a failure. */
  async #up(signal?: AbortSignal): Promise<Redis> {
    if (this.#redis.status !== 'ready') await this.#pause(1000, signal);
    return this.#redis;
  }

  /** Waits `ms`, or less if the connection comes up in the meantime or nobody waits any more. */
  async #pause(ms: number, signal?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const signals = [signal, this.#giveUp, this.#closing.signal].filter((each) => each !== undefined);
    if (signals.some(({ aborted }) => aborted)) return;
    // Not AbortSignal.any: every run would leave something behind on a signal that lives as long as the process.
    for (const each of signals) each.addEventListener('abort', end, { once: true });
    this.#redis.once('ready', end);
    await delay(ms, over.signal);
    this.#redis.off('ready', end);
    for (const each of signals) each.removeEventListener('abort', end);
  }

  #reportFull(error: Error): void {
    if (this.#full) return;
    this.#full = true;
    this.#log.warn(
      { reason: error.message },
      'Redis is full, waiting for space: raise its memory limit (maxmemory) or volume',
    );
  }

  #remedy(error: Error): string {
    const fault = this.#client.fault();
    const reason = fault === undefined ? reasonOf(error) : String(fault);
    const away = `was away for more than ${this.#patienceMs / 1000} s (${reason})`;
    return `${this.#client.where} ${away}: see whether its pod runs and can be reached`;
  }

  /** A command under way cannot be taken back, but nobody waits for it any longer. */
  async #untilGivenUp<T>(answer: Promise<T>): Promise<T> {
    const giveUp = this.#giveUp;
    if (!giveUp) return answer;
    let end: (() => void) | undefined;
    const given = new Promise<never>((_, reject) => {
      end = (): void => reject(new Error(GIVEN_UP));
      if (giveUp.aborted) end();
      else giveUp.addEventListener('abort', end, { once: true });
    });
    // One of the two is left behind unheard.
    given.catch(() => undefined);
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, given]);
    } finally {
      if (end) giveUp.removeEventListener('abort', end);
    }
  }
}
