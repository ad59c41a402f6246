/** One connection: reads what is asked, answers in whatever order the answers come, and ends what ends with it. */
import type { Socket } from 'node:net';
import { asError } from '../../../runtime/errors.js';
import type { Logger } from '../../../runtime/logger.js';
import { encodeFrame, FrameReader } from '../frames.js';
import { PROTOCOL, type Asked } from '../protocol.js';
import { answer } from './answers.js';
import type { Asker } from './asker.js';
import type { Entry } from './queue.js';
import type { Space } from './space.js';

export class Peer implements Asker {
  readonly leases = new Map<number, Entry>();
  readonly gone = new AbortController();
  readonly waits = new Map<number, () => void>();
  name = '';
  staleMs = 0;
  retryMs = 0;
  space: Space | undefined;
  readonly #socket: Socket;
  readonly #log: Logger;
  readonly #openSpace: (prefix: string) => Promise<Space>;
  readonly #removeSpace: (space: Space) => Promise<void>;
  readonly #reader = new FrameReader<Asked>();

  /** @param openSpace opens what a queue prefix names; @param removeSpace deletes it */
  constructor(
    socket: Socket,
    openSpace: (prefix: string) => Promise<Space>,
    removeSpace: (space: Space) => Promise<void>,
    log: Logger,
  ) {
    this.#socket = socket;
    this.#openSpace = openSpace;
    this.#removeSpace = removeSpace;
    this.#log = log;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
  }

  send(header: object, body?: Buffer): void {
    if (this.#socket.destroyed) return;
    const pieces = encodeFrame(header, body);
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    try {
      for (const { header, body } of this.#reader.push(bytes)) void this.#take(header, body);
    } catch (thrown) {
      this.#log.warn({ peer: this.name, reason: asError(thrown).message }, 'ended a connection that makes no sense');
      this.#socket.destroy();
    }
  }

  async #take(asked: Asked, body: Buffer): Promise<void> {
    const { n } = asked;
    try {
      if (asked.op === 'hello') return await this.#greet(asked);
      if (!this.space) throw new Error('no hello came first');
      if (asked.op === 'remove') {
        await this.#removeSpace(this.space);
        return this.send({ n });
      }
      const given = await answer(this, this.space, asked, body);
      if (given) this.send({ n, ...given.header }, given.body);
    } catch (thrown) {
      this.send({ n, error: asError(thrown).message });
    }
  }

  async #greet({ n, protocol, name, prefix, staleMs, retryMs }: Extract<Asked, { op: 'hello' }>): Promise<void> {
    // It becomes the name of a file.
    if (!/^[A-Za-z0-9_-]{1,40}$/.test(prefix)) throw new Error(`${JSON.stringify(prefix)} is no queue prefix`);
    Object.assign(this, { name, staleMs, retryMs });
    if (protocol === PROTOCOL) this.space = await this.#openSpace(prefix);
    this.send({ n, protocol: PROTOCOL });
  }

  /** The lease is the connection: what it held is for others at once. */
  #close(): void {
    this.gone.abort();
    for (const end of this.waits.values()) end();
    if (!this.space) return;
    this.space.seeder.left(this);
    try {
      this.space.fail([...this.leases.values()]);
    } catch (thrown) {
      this.#log.debug({ reason: asError(thrown).message }, 'a connection ended after its log');
    }
  }
}
