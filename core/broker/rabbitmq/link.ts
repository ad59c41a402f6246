/** The connection that everything shares: opened again, with growing delays, by whoever needs it after a loss. */
import type { ChannelModel } from 'amqplib';
import { backoff, delay } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';
import { asError, BrokerAway, ConfigError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { dial, type Line } from './dial.js';

const LOG_EVERY_MS = 5000;
const CLOSE_TIMEOUT_MS = 1000;

export class Link {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #purpose: string;
  readonly #stop = new AbortController();
  #line: Line | undefined;
  #blocked: string | undefined;
  #opening: Promise<ChannelModel> | undefined;

  /** @param signal ends the wait for a broker, never a connection that is open: what is held can still be settled */
  constructor(config: Config, log: Logger, signal: AbortSignal, purpose: string) {
    this.#config = config;
    this.#log = log;
    this.#purpose = purpose;
    if (signal.aborted) this.#stop.abort(signal.reason);
    else
      signal.addEventListener('abort', () => this.#stop.abort(signal.reason), {
        once: true,
        signal: this.#stop.signal,
      });
  }

  /**
   * The open connection, or a new one within CONNECT_TIMEOUT_SECONDS.
   * @throws ConfigError when the broker refuses us, BrokerAway when it did not answer in time
   */
  async connection(): Promise<ChannelModel> {
    if (this.#line) return this.#line.model;
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** Why the broker takes no messages from this connection; undefined while it does. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  async #open(): Promise<ChannelModel> {
    const where = { host: this.#config.RABBITMQ_HOST, port: this.#config.RABBITMQ_PORT };
    const started = performance.now();
    const deadline = started + this.#config.CONNECT_TIMEOUT_SECONDS * 1000;
    let lastLogged = -Infinity;
    for (let attempt = 1; ; attempt++) {
      const error = await this.#try();
      if (!error) break;
      if (error instanceof ConfigError) throw error;
      this.#stop.signal.throwIfAborted();
      const now = performance.now();
      if (now >= deadline) {
        throw new BrokerAway(
          `RabbitMQ at ${where.host}:${where.port} did not answer within CONNECT_TIMEOUT_SECONDS=${this.#config.CONNECT_TIMEOUT_SECONDS}: ` +
            `${error.message || error.name}. Check that it runs and that RABBITMQ_HOST and RABBITMQ_PORT name it`,
          { cause: error },
        );
      }
      if (now - lastLogged >= LOG_EVERY_MS) {
        lastLogged = now;
        this.#log.info({ ...where, reason: error.message || error.name }, 'waiting for RabbitMQ');
      }
      await delay(Math.min(backoff(attempt), deadline - now), this.#stop.signal);
    }
    const line = this.#line as unknown as Line;
    this.#log.debug(
      { ...where, purpose: this.#purpose, after_ms: Math.round(performance.now() - started) },
      'connected to RabbitMQ',
    );
    return line.model;
  }

  async #try(): Promise<Error | undefined> {
    try {
      const line = await dial(this.#config, this.#log, this.#purpose, this.#stop.signal);
      this.#watch(line);
      return undefined;
    } catch (error) {
      return asError(error);
    }
  }

  #watch(line: Line): void {
    this.#line = line;
    this.#blocked = undefined;
    line.model.on('close', (error?: Error) => {
      // amqplib only ends its side: the socket of a silent peer would stay until TCP gives up.
      if (error) line.cut();
      if (this.#line !== line) return;
      this.#line = undefined;
      if (!this.#stop.signal.aborted)
        this.#log.warn({ purpose: this.#purpose, reason: error?.message }, 'connection to RabbitMQ lost');
    });
    // The broker stops reading from connections that publish; confirms stay out, so publishing waits by itself.
    line.model.on('blocked', (reason) => {
      this.#blocked = reason;
      this.#log.warn({ reason }, 'RabbitMQ is out of memory or disk and blocks publishing');
    });
    line.model.on('unblocked', () => {
      this.#blocked = undefined;
      this.#log.info('RabbitMQ takes messages again');
    });
  }

  /** Waits for a polite close no longer than a second, then cuts the line. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the connection to RabbitMQ was closed'));
    await this.#opening?.catch(() => {});
    const line = this.#line;
    this.#line = undefined;
    if (!line) return;
    const closed = line.model.close().catch(() => {});
    const timeout = new AbortController();
    await Promise.race([closed, delay(CLOSE_TIMEOUT_MS, timeout.signal)]);
    timeout.abort();
    line.cut();
  }
}
