/**
 * RESP2, the protocol of Redis, as far as TTG speaks it: commands → text, bytes → replies.
 *
 * Written for replies of thousands of short strings, which is what reading a stream gives: bytes that are all ASCII become one
 * string, and the replies are slices of it. A client library that decodes each string for itself took half of a worker's time.
 */
import { isAscii } from 'node:buffer';

export type Arg = string | number;

/** What Redis refused, in its own words. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** @returns the command, and whether its characters are its bytes */
export function encodeCommand(args: readonly Arg[]): { text: string; ascii: boolean } {
  const text = encode(args, (arg) => arg.length);
  if (Buffer.byteLength(text) === text.length) return { text, ascii: true };
  return { text: encode(args, (arg) => Buffer.byteLength(arg)), ascii: false };
}

function encode(args: readonly Arg[], lengthOf: (arg: string) => number): string {
  let text = `*${args.length}\r\n`;
  for (const arg of args) {
    const value = typeof arg === 'string' ? arg : String(arg);
    text += `$${lengthOf(value)}\r\n${value}\r\n`;
  }
  return text;
}

/** An array whose elements are still arriving. */
interface Frame {
  readonly items: unknown[];
  missing: number;
}

const CR = 13;
/** Longest text, and places in an array, for which what came before is remembered. */
const REMEMBERED = 64;
const INCOMPLETE = Symbol('incomplete');
const OPENED = Symbol('opened an array');

export class ReplyParser {
  readonly #reply: (value: unknown) => void;
  readonly #binary: () => boolean;
  readonly #frames: Frame[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  /** The same bytes as text if they are ASCII. */
  #text: string | undefined;
  #at = 0;
  /** Bytes of an element that is not complete yet, and how many there must be before it is worth another look. */
  #kept: Buffer[] = [];
  #keptLength = 0;
  #needed = 0;
  /** The text that was last at a place of an array: by its depth and index. */
  readonly #before: string[] = [];

  /**
   * @param reply called with each reply: text, numbers, null, ReplyError, or arrays of these
   * @param binary whether the strings of the reply that begins are wanted as bytes
   */
  constructor(reply: (value: unknown) => void, binary: () => boolean) {
    this.#reply = reply;
    this.#binary = binary;
  }

  /** @throws Error where the bytes are not RESP2: nothing after them can be understood */
  push(bytes: Buffer): void {
    this.#kept.push(bytes);
    this.#keptLength += bytes.length;
    if (this.#keptLength < this.#needed) return;
    this.#bytes = this.#kept.length === 1 ? bytes : Buffer.concat(this.#kept);
    this.#text = isAscii(this.#bytes) ? this.#bytes.toString('latin1') : undefined;
    this.#at = 0;
    this.#needed = 0;
    while (this.#at < this.#bytes.length) {
      const value = this.#element();
      if (value === INCOMPLETE) break;
      if (value !== OPENED) this.#place(value);
    }
    const rest = this.#bytes.subarray(this.#at);
    this.#kept = rest.length > 0 ? [rest] : [];
    this.#keptLength = rest.length;
  }

  #element(): unknown {
    const bytes = this.#bytes;
    const from = this.#at + 1;
    let to = from;
    while (to < bytes.length && bytes[to] !== CR) to++;
    if (to + 1 >= bytes.length) return this.#incomplete(bytes.length + 1);
    switch (bytes[this.#at] as number) {
      case 0x24: // $
        return this.#string(this.#integer(from, to), to + 2);
      case 0x2a: // *
        return this.#array(this.#integer(from, to), to + 2);
      case 0x3a: // :
        this.#at = to + 2;
        return this.#integer(from, to);
      case 0x2b: // +
        this.#at = to + 2;
        return this.#slice(from, to);
      case 0x2d: // -
        this.#at = to + 2;
        return new ReplyError(bytes.toString('utf8', from, to));
      default:
        throw new Error(`Redis sent what is not its protocol: byte ${bytes[this.#at]} instead of the begin of a reply`);
    }
  }

  #string(length: number, from: number): unknown {
    if (length >= 0 && from + length + 2 > this.#bytes.length) return this.#incomplete(from + length + 2);
    this.#at = length < 0 ? from : from + length + 2;
    if (length < 0) return null;
    return this.#binary() ? this.#bytes.subarray(from, from + length) : this.#likely(from, from + length);
  }

  #array(length: number, from: number): unknown {
    this.#at = from;
    if (length < 0) return null;
    if (length === 0) return [];
    this.#frames.push({ items: [], missing: length });
    return OPENED;
  }

  /** Into the array it belongs to; what completes that array is placed in turn. */
  #place(value: unknown): void {
    for (let placed = value; ; ) {
      const frame = this.#frames.at(-1);
      if (!frame) return this.#reply(placed);
      frame.items.push(placed);
      if (--frame.missing > 0) return;
      this.#frames.pop();
      placed = frame.items;
    }
  }

  #incomplete(neededUpTo: number): typeof INCOMPLETE {
    this.#needed = neededUpTo - this.#at;
    return INCOMPLETE;
  }

  /** Entries of a stream repeat their names and most of their values: what is the same as before is not made again. */
  #likely(from: number, to: number): string {
    const index = this.#frames.at(-1)?.items.length ?? REMEMBERED;
    if (index >= REMEMBERED || to - from > REMEMBERED || this.#text === undefined) return this.#slice(from, to);
    const place = this.#frames.length * REMEMBERED + index;
    const before = this.#before[place];
    if (before?.length === to - from && this.#text.startsWith(before, from)) return before;
    return (this.#before[place] = this.#slice(from, to));
  }

  #slice(from: number, to: number): string {
    return this.#text === undefined ? this.#bytes.toString('utf8', from, to) : this.#text.slice(from, to);
  }

  #integer(from: number, to: number): number {
    const negative = this.#bytes[from] === 0x2d;
    let value = 0;
    for (let i = negative ? from + 1 : from; i < to; i++) value = value * 10 + (this.#bytes[i] as number) - 48;
    return negative ? -value : value;
  }
}
