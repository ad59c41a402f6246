/** One connection to the coordinator, from its hello to its end: questions, and the answers to them. */
import { createConnection, type Socket } from 'node:net';
import { asError, ConfigError } from '../../runtime/errors.js';
import { ConnectionLost } from './failure.js';
import { encodeFrame, FrameReader, type Frame } from './frames.js';
import { PROTOCOL, type Answers, type Op, type Question, type Reply } from './protocol.js';

export type Answer<O extends Op> = Frame<Answers[O] & Reply>;

interface Waiting {
  readonly resolve: (frame: Frame<Reply>) => void;
  readonly reject: (error: Error) => void;
}

export class Session {
  readonly #socket: Socket;
  readonly #reader = new FrameReader<Reply>();
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #lost: Error | undefined;
  #onLost: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the other side closed it')));
  }

  /**
   * @param lost called when the connection ends, however it does
   * @throws the system's error where nobody listens, ConfigError where somebody else does
   */
  static async open(path: string, hello: Extract<Question, { op: 'hello' }>, lost: () => void): Promise<Session> {
    const socket = createConnection({ path });
    const session = new Session(socket);
    const opened = new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    try {
      await opened;
      const { header } = await session.ask(hello);
      if (header.protocol !== PROTOCOL)
        throw new ConfigError(`the coordinator at ${path} is of another version of TTG`);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    // In the same moment in which questions begin to fail: who asks again is to find another connection.
    session.#onLost = lost;
    if (!session.alive) lost();
    return session;
  }

  get alive(): boolean {
    return this.#lost === undefined;
  }

  /** The number that the next question gets. */
  get next(): number {
    return this.#asked + 1;
  }

  /** @throws ConnectionLost where there was no answer, Error where the coordinator could not do it */
  async ask<O extends Op>(question: Extract<Question, { op: O }>, body?: Buffer): Promise<Answer<O>> {
    if (this.#lost) throw this.#connectionLost();
    const n = ++this.#asked;
    const answer = new Promise<Frame<Reply>>((resolve, reject) => this.#waiting.set(n, { resolve, reject }));
    this.#send({ n, ...question }, body);
    const frame = await answer;
    if (frame.header.error !== undefined) throw new Error(frame.header.error);
    return frame as Answer<O>;
  }

  /** Ends the wait of a question under way: its answer comes at once. */
  cancel(receive: number): void {
    if (!this.#lost) this.#send({ n: 0, op: 'cancel', receive });
  }

  close(): void {
    this.#socket.destroy();
    this.#end(new Error('closed by this side'));
  }

  #send(header: object, body?: Buffer): void {
    const pieces = encodeFrame(header, body);
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
  }

  #read(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.push(bytes)) {
        const waiting = this.#waiting.get(frame.header.n);
        this.#waiting.delete(frame.header.n);
        waiting?.resolve(frame);
      }
    } catch (thrown) {
      this.#end(new ConfigError(`what answers is no coordinator: ${asError(thrown).message}`));
      this.#socket.destroy();
    }
  }

  #end(reason: Error): void {
    if (this.#lost) return;
    this.#lost = reason;
    this.#onLost?.();
    for (const { reject } of this.#waiting.values()) reject(this.#connectionLost());
    this.#waiting.clear();
  }

  #connectionLost(): Error {
    if (this.#lost instanceof ConfigError) return this.#lost;
    return new ConnectionLost(`lost the connection to the coordinator: ${this.#lost?.message}`, { cause: this.#lost });
  }
}
