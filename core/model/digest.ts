/**
 * The run digest: the sum modulo 2^128 of a 128-bit hash of each (parameter, value). A sum does not depend on the order
 * or on how parameters were cut into chunks, so two runs agree exactly if their values do.
 *
 * Hash: MurmurHash3_x86_128, over the parameter as unsigned 64-bit little-endian and then, for a finite number with
 * seed 0, the value as IEEE 754 binary64 little-endian with −0 written as +0; for any other value with seed 1, its
 * canonical text (see value-text.ts) as UTF-8. Written as 32 hexadecimal digits, most significant first; hash word h1 is
 * the least significant. Not cryptographic: it finds mistakes, not forgers.
 *
 * Any other value takes 0.2 µs beside its text, where that has 60 characters.
 */
import { mix, murmur128 } from './murmur.js';
import type { Value } from './value.js';
import { valueText } from './value-text.js';

/** For what is no finite number: no hash of it is that of a number by design. */
const SEED_OF_TEXT = 1;
/** Up to this length it is quicker to copy characters than to call the encoder. */
const SHORT_TEXT = 200;

const WORD = 0x1_0000_0000;
const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const floats = new Float64Array(1);
const words = new Uint32Array(floats.buffer);
const hash = new Uint32Array(4);
const encoder = new TextEncoder();
/** Bytes to be hashed: the parameter, then text. It grows with the longest. */
let bytes = new Uint8Array(1024);
let bytesAsWords = new Int32Array(bytes.buffer);

export class Digest {
  // Four 32-bit words, least significant first, as floating-point sums: exact up to 2^20 additions, then carried.
  // Bigints would cost more than the hashing.
  #w0 = 0;
  #w1 = 0;
  #w2 = 0;
  #w3 = 0;
  #pending = 0;

  /** @param value finite */
  add(parameter: number, value: number): void {
    floats[0] = value + 0;
    let k1 = parameter >>> 0;
    let k2 = Math.floor(parameter / 0x1_0000_0000) >>> 0;
    let k3 = words[0] as number;
    let k4 = words[1] as number;
    // The block's four words, each into its own lane.
    k1 = Math.imul(k1, C1);
    k1 = (k1 << 15) | (k1 >>> 17);
    let h1 = Math.imul(k1, C2);
    h1 = (h1 << 19) | (h1 >>> 13);
    h1 = (Math.imul(h1, 5) + 0x561ccd1b) | 0;
    k2 = Math.imul(k2, C2);
    k2 = (k2 << 16) | (k2 >>> 16);
    let h2 = Math.imul(k2, C3);
    h2 = (h2 << 17) | (h2 >>> 15);
    h2 = (Math.imul(h2, 5) + 0x0bcaa747) | 0;
    k3 = Math.imul(k3, C3);
    k3 = (k3 << 17) | (k3 >>> 15);
    let h3 = Math.imul(k3, C4);
    h3 = (h3 << 15) | (h3 >>> 17);
    h3 = (Math.imul(h3, 5) + 0x96cd1c35) | 0;
    k4 = Math.imul(k4, C4);
    k4 = (k4 << 18) | (k4 >>> 14);
    let h4 = Math.imul(k4, C1);
    h4 = (((h4 << 13) | (h4 >>> 19)) + h1) | 0;
    h4 = (Math.imul(h4, 5) + 0x32ac3b17) | 0;
    h1 ^= 16;
    h2 ^= 16;
    h3 ^= 16;
    h4 ^= 16;
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
    h1 = mix(h1);
    h2 = mix(h2);
    h3 = mix(h3);
    h4 = mix(h4);
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
    this.#plus(h1 >>> 0, h2 >>> 0, h3 >>> 0, h4 >>> 0);
  }

  addValue(parameter: number, value: Value): void {
    if (typeof value === 'number' && Number.isFinite(value)) this.add(parameter, value);
    else this.addText(parameter, valueText(value));
  }

  /** @param text the canonical text of a value that is no finite number */
  addText(parameter: number, text: string): void {
    const length = 8 + utf8(text);
    bytesAsWords[0] = parameter >>> 0;
    bytesAsWords[1] = Math.floor(parameter / WORD) >>> 0;
    bytes.fill(0, length, length + 15);
    murmur128(bytesAsWords, length, SEED_OF_TEXT, hash);
    this.#plus(hash[0] as number, hash[1] as number, hash[2] as number, hash[3] as number);
  }

  /** Adds the digest of other parameters, as written by `toString`. */
  addDigest(hex: string): void {
    this.#plus(word(hex, 24), word(hex, 16), word(hex, 8), word(hex, 0));
  }

  /** Takes the digest of parameters out that were added before. */
  subtractDigest(hex: string): void {
    this.#plus(-word(hex, 24), -word(hex, 16), -word(hex, 8), -word(hex, 0));
  }

  toString(): string {
    this.#carry();
    return digits(this.#w3) + digits(this.#w2) + digits(this.#w1) + digits(this.#w0);
  }

  #plus(w0: number, w1: number, w2: number, w3: number): void {
    this.#w0 += w0;
    this.#w1 += w1;
    this.#w2 += w2;
    this.#w3 += w3;
    if (++this.#pending === 0x10_0000) this.#carry();
  }

  /** Rounding down carries, and borrows where a sum is negative. */
  #carry(): void {
    this.#w1 += Math.floor(this.#w0 / WORD);
    this.#w2 += Math.floor(this.#w1 / WORD);
    this.#w3 += Math.floor(this.#w2 / WORD);
    // The lowest 32 bits of each, also of a negative one.
    this.#w0 -= Math.floor(this.#w0 / WORD) * WORD;
    this.#w1 -= Math.floor(this.#w1 / WORD) * WORD;
    this.#w2 -= Math.floor(this.#w2 / WORD) * WORD;
    this.#w3 -= Math.floor(this.#w3 / WORD) * WORD;
    this.#pending = 0;
  }
}

function word(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at, at + 8), 16);
}

function digits(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Writes the text behind the parameter. @returns its bytes */
function utf8(text: string): number {
  const most = text.length * 3 + 24;
  if (most > bytes.length) {
    bytes = new Uint8Array(Math.ceil(most / 8192) * 8192);
    bytesAsWords = new Int32Array(bytes.buffer);
  }
  const { length } = text;
  let at = length < SHORT_TEXT ? 0 : length;
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) break;
    bytes[8 + at] = code;
  }
  if (at === length && length < SHORT_TEXT) return length;
  return encoder.encodeInto(text, bytes.subarray(8)).written;
}
