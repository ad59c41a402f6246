/**
 * Messages between coordinator and worker: a header in JSON and, behind it, bytes that nobody parses on the way.
 * `<length of the header, 4 bytes> <length of the body, 4 bytes> <header> <body>`
 */
import { ProtocolError } from '../../runtime/errors.js';

const LENGTHS = 8;
/** A settled batch is the largest: some hundred records, of which one alone may have 16 MiB. */
const MOST_BYTES = 256 << 20;
const NOTHING = Buffer.alloc(0);

export interface Frame<Header> {
  readonly header: Header;
  readonly body: Buffer;
}

/** @returns pieces to be written one after the other */
export function encodeFrame(header: object, body: Buffer = NOTHING): Buffer[] {
  const text = JSON.stringify(header);
  const size = Buffer.byteLength(text);
  const head = Buffer.allocUnsafe(LENGTHS + size);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(body.length, 4);
  head.write(text, LENGTHS);
  return body.length > 0 ? [head, body] : [head];
}

/** Puts a stream of bytes together again. */
export class FrameReader<Header> {
  #chunks: Buffer[] = [];
  #length = 0;
  #wanted = LENGTHS;

  /** @throws ProtocolError where the other side speaks something else */
  *push(bytes: Buffer): Generator<Frame<Header>> {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    while (this.#length >= this.#wanted) {
      const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const header = all.readUInt32BE(0);
      const size = LENGTHS + header + all.readUInt32BE(4);
      if (size > MOST_BYTES) throw new ProtocolError(`a message of ${size} bytes, ${MOST_BYTES} are the most`);
      this.#chunks = [all];
      this.#wanted = size;
      if (all.length < size) return;
      this.#chunks = all.length > size ? [all.subarray(size)] : [];
      this.#length = all.length - size;
      this.#wanted = LENGTHS;
      yield { header: parse<Header>(all, header), body: all.subarray(LENGTHS + header, size) };
    }
  }
}

function parse<Header>(all: Buffer, size: number): Header {
  try {
    return JSON.parse(all.toString('utf8', LENGTHS, LENGTHS + size)) as Header;
  } catch (error) {
    throw new ProtocolError('a message whose header is not JSON', { cause: error });
  }
}
