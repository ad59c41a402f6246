/** One connection to Redis: sends commands in their order, gives each its reply, and connects again when it breaks. */
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { backoff, delay } from '../backoff.js';
import type { Config } from '../config.js';
import { asError } from '../errors.js';
import { Disconnected } from './failure.js';
import { encodeCommand, ReplyError, ReplyParser, type Arg } from './resp.js';

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly binary: boolean;
}

/** From the first packet to the answer to the greeting. */
const CONNECT_MS = 3_000;
/** A node that vanishes closes no connection. No command takes this long: the longest blocks for a second. */
const SILENCE_MS = 15_000;
/** How long to wait before asking a broker that is loading its data again. */
const LOADING_MS = 250;

/**
 * Events: `ready` each time commands are taken, `close` each time a connection has ended, `error` with the reason for it.
 *
 * It repeats nothing by itself, since whether a command whose outcome is unknown may be sent again depends on the command:
 * commands fail at once while the connection is down, and those in flight when it breaks fail with it. Link is the patience.
 */
export class RedisClient extends EventEmitter<{ ready: []; close: []; error: [Error] }> {
  readonly #config: Config;
  #socket: Socket | undefined;
  #waiting: Waiting[] = [];
  #out = '';
  #outIsAscii = true;
  #ready = false;
  #over = false;
  #connections = 0;
  #tries = 0;
  #retry: NodeJS.Timeout | undefined;

  /** Starts to connect at once. */
  constructor(config: Config) {
    super();
    this.#config = config;
    // Without a listener an error event would end the process. Nothing is lost: every command fails with its own error.
    this.on('error', () => undefined);
    this.#connect();
  }

  get address(): string {
    return `${this.#config.REDIS_HOST}:${this.#config.REDIS_PORT}`;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Which connection this is: what the broker knows of an earlier one does not hold for it. */
  get connection(): number {
    return this.#connections;
  }

  /** @throws ReplyError if Redis refuses the command, Disconnected if it was not sent or its outcome is unknown */
  call(args: readonly Arg[]): Promise<unknown> {
    return this.#ready ? this.#send(args, false) : Promise.reject(this.#disconnected(false));
  }

  /** As `call`, with strings as bytes: what is no text would not survive being read as such. */
  callBinary(args: readonly Arg[]): Promise<unknown> {
    return this.#ready ? this.#send(args, true) : Promise.reject(this.#disconnected(false));
  }

  /** For good. */
  disconnect(): void {
    this.#over = true;
    clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect({ host: this.#config.REDIS_HOST, port: this.#config.REDIS_PORT, noDelay: true });
    const parser = new ReplyParser((reply) => this.#settle(reply), () => this.#waiting[0]?.binary === true);
    this.#socket = socket;
    this.#connections++;
    socket.setTimeout(CONNECT_MS, () => {
      if (!this.#ready || this.#waiting.length > 0) socket.destroy(new Error(`no answer for ${(this.#ready ? SILENCE_MS : CONNECT_MS) / 1000} s`));
    });
    socket.on('data', (bytes) => {
      try {
        parser.push(bytes);
      } catch (error) {
        socket.destroy(asError(error));
      }
    });
    let reason: Error | undefined;
    socket.on('error', (error) => void this.emit('error', (reason = error)));
    socket.on('close', () => this.#closed(reason));
    void this.#greet(socket);
  }

  /** Its packets wait in the socket until that is connected. */
  async #greet(socket: Socket): Promise<void> {
    const { REDIS_PASSWORD: password, workerName } = this.#config;
    try {
      await Promise.all([
        password ? this.#authenticate(password) : undefined,
        this.#send(['CLIENT', 'SETNAME', workerName], false),
        this.#answering(socket),
      ]);
    } catch (error) {
      socket.destroy(error instanceof Disconnected ? undefined : asError(error));
      return;
    }
    socket.setTimeout(SILENCE_MS);
    this.#tries = 0;
    this.#ready = true;
    this.emit('ready');
  }

  async #authenticate(password: string): Promise<void> {
    await this.#send(['AUTH', password], false).catch((error: Error) => {
      // A password that nobody asks for is no obstacle.
      if (!error.message.includes('without any password configured')) throw error;
    });
  }

  /** Resolves when the broker has loaded its data. */
  async #answering(socket: Socket): Promise<void> {
    for (;;) {
      const loading = await this.#send(['PING'], false).then(() => false, (error: Error) => {
        if (!error.message.startsWith('LOADING')) throw error;
        return true;
      });
      if (!loading) return;
      await delay(LOADING_MS);
      if (this.#socket !== socket || socket.destroyed) throw this.#disconnected(true);
    }
  }

  #send(args: readonly Arg[], binary: boolean): Promise<unknown> {
    const { text, ascii } = encodeCommand(args);
    // What is sent in one turn of the event loop goes out in one packet.
    if (this.#out === '') process.nextTick(() => this.#flush());
    this.#out += text;
    this.#outIsAscii &&= ascii;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, binary }));
  }

  #flush(): void {
    const [text, encoding] = [this.#out, this.#outIsAscii ? 'latin1' : 'utf8'] as const;
    this.#out = '';
    this.#outIsAscii = true;
    if (text !== '') this.#socket?.write(text, encoding);
  }

  #settle(reply: unknown): void {
    const waiting = this.#waiting.shift();
    if (reply instanceof ReplyError) waiting?.reject(reply);
    else waiting?.resolve(reply);
  }

  #closed(reason: Error | undefined): void {
    this.#ready = false;
    this.#out = '';
    const lost = this.#disconnected(true, reason);
    for (const { reject } of this.#waiting.splice(0)) reject(lost);
    if (!this.#over) this.#retry = setTimeout(() => this.#connect(), backoff(++this.#tries, 50, 1000));
    this.emit('close');
  }

  #disconnected(sent: boolean, cause?: Error): Disconnected {
    return new Disconnected(sent, this.#over ? 'the connection was closed' : `connection lost${cause ? ` (${cause.message})` : ''}`);
  }
}
