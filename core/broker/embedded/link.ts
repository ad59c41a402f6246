/** The connection that there is now, a new one when that breaks, and the patience with which questions are asked. */
import { setMaxListeners } from 'node:events';
import { backoff, delay } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';
import { asError, ConfigError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { ConnectionLost, refusal, tooLong } from './failure.js';
import { PROTOCOL, type Op, type Question } from './protocol.js';
import { Session, type Answer } from './session.js';

/** A coordinator that was killed is back by then, or will not be: its workers are to end. */
const PATIENCE_MS = 10_000;
const REPORT_EVERY_MS = 5000;

export class Link {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #given = new AbortController();
  #leaving = false;
  #session: Promise<Session> | undefined;

  /** @param giveUp when it aborts no question waits any more: those that have no answer yet fail */
  constructor(config: Config, log: Logger, giveUp?: AbortSignal) {
    this.#config = config;
    this.#log = log;
    setMaxListeners(0, this.#closing.signal, this.#given.signal);
    if (giveUp?.aborted) this.#given.abort();
    else giveUp?.addEventListener('abort', () => this.#given.abort(), { once: true });
  }

  get #path(): string {
    return this.#config.EMBEDDED_SOCKET;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** @throws ConfigError where waiting does not help, Error after `patienceMs`, the signal's reason when that aborts */
  async connect(patienceMs: number, limit: string, signal?: AbortSignal): Promise<Session> {
    const began = performance.now();
    let toldAt = began - REPORT_EVERY_MS + 500;
    for (let n = 1; ; n++) {
      signal?.throwIfAborted();
      if (this.closed) throw new Error('closed while it waited for the coordinator');
      try {
        return await Session.open(this.#path, this.#hello(), () => this.#lost());
      } catch (thrown) {
        const error = asError(thrown);
        if (error instanceof ConfigError) throw error;
        const refused = error instanceof ConnectionLost ? undefined : refusal(error, this.#path);
        if (refused) throw refused;
        const waited = performance.now() - began;
        if (waited > patienceMs)
          throw new Error(
            `no coordinator answers at ${this.#path} within ${limit} (${error.message}): see whether \`ttg run\` is ` +
              'still there, and whether EMBEDDED_SOCKET names its socket',
          );
        if (performance.now() - toldAt > REPORT_EVERY_MS) {
          toldAt = performance.now();
          this.#log.info({ socket: this.#path, reason: error.message }, 'waiting for the coordinator');
        }
        const over = new AbortController();
        const end = (): void => over.abort();
        const signals = [signal, this.#closing.signal].filter((each) => each !== undefined);
        for (const each of signals) each.addEventListener('abort', end, { once: true });
        await delay(Math.min(backoff(n, 20, 500), patienceMs - waited + 1), over.signal);
        for (const each of signals) each.removeEventListener('abort', end);
      }
    }
  }

  /** Waits for the first connection. */
  async open(signal: AbortSignal): Promise<void> {
    const unusable = tooLong(this.#path);
    if (unusable) throw unusable;
    const seconds = this.#config.CONNECT_TIMEOUT_SECONDS;
    const session = await this.connect(seconds * 1000, `CONNECT_TIMEOUT_SECONDS=${seconds}`, signal);
    this.#session ??= Promise.resolve(session);
  }

  /** The connection, or the next one. @throws Error when there is none within some seconds */
  async session(): Promise<Session> {
    for (;;) {
      const opening = (this.#session ??= this.#reconnect());
      const session = await this.untilGivenUp(opening);
      if (session.alive) return session;
      if (this.#session === opening) this.#session = undefined;
    }
  }

  #reconnect(): Promise<Session> {
    const opening = this.connect(PATIENCE_MS, `${PATIENCE_MS / 1000} s`);
    opening.catch(() => (this.#session = undefined));
    return opening;
  }

  /** For questions that may be asked twice: again over the next connection where one breaks. */
  async ask<O extends Op>(question: Extract<Question, { op: O }>, body?: Buffer): Promise<Answer<O>> {
    for (;;) {
      const session = await this.session();
      try {
        return await this.untilGivenUp(session.ask(question, body));
      } catch (error) {
        if (!(error instanceof ConnectionLost) || this.closed) throw error;
      }
    }
  }

  /** @throws Error when the time to give up has come before the answer */
  async untilGivenUp<T>(answer: Promise<T>): Promise<T> {
    const given = this.#given.signal;
    if (this.#leaving) return answer;
    // One of the two is left behind unheard.
    answer.catch(() => undefined);
    let end: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      end = () => reject(new Error('gave up a question to the coordinator: the time to leave has come'));
      if (given.aborted) end();
      else given.addEventListener('abort', end, { once: true });
    });
    over.catch(() => undefined);
    try {
      return await Promise.race([answer, over]);
    } finally {
      if (end) given.removeEventListener('abort', end);
    }
  }

  /** From here on questions wait again, though the time to give up may be over: for as long as the caller waits. */
  takeLeave(): void {
    this.#leaving = true;
  }

  close(): void {
    this.#closing.abort();
    this.#session?.then(
      (session) => session.close(),
      () => undefined,
    );
  }

  #lost(): void {
    this.#session = undefined;
    if (!this.closed) this.#log.warn({ socket: this.#path }, 'lost the connection to the coordinator');
  }

  #hello(): Extract<Question, { op: 'hello' }> {
    const { QUEUE_PREFIX: prefix, workerName: name, STALE_THRESHOLD_MS: staleMs } = this.#config;
    return { op: 'hello', protocol: PROTOCOL, prefix, name, staleMs, retryMs: this.#config.RETRY_DELAY_MS };
  }
}
