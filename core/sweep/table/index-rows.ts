/** The first reading of a table: is it whole and well formed, how many rows has it, and where does each block of them begin? */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Bytes } from './bytes.js';
import { Misread } from './csv.js';
import { formatOf, type Format } from './format.js';

/** A longer row is a mistake: most likely a quote that nothing closes, or a file that is no table. */
export const MOST_ROW_BYTES = 1024 * 1024;
/** Rows that are found, read and kept together. */
export const ROWS_A_BLOCK = 64;
const READ_BYTES = 2 * MOST_ROW_BYTES;

export interface Index {
  readonly format: Format;
  readonly rows: number;
  /** Where each block of rows begins, and the end of the last. */
  readonly offsets: Float64Array;
  readonly sha256: string;
}

/** @throws Misread with the offset in the whole of the bytes */
export function indexRows(bytes: Bytes): Index {
  const hash = createHash('sha256');
  const offsets: number[] = [];
  let format: Format | undefined;
  let rows = 0;
  let hashed = 0;
  for (let begin = 0; begin < bytes.size;) {
    const block = bytes.read(begin, READ_BYTES);
    const isEnd = begin + block.length >= bytes.size;
    hash.update(block.subarray(hashed - begin));
    hashed = begin + block.length;
    let at = begin === 0 && isMarked(block) ? 3 : 0;
    format ??= formatOf(block, at);
    const first = at;
    try {
      while (at < block.length) {
        const next = format.check(block, at, isEnd);
        if ((next < 0 ? block.length : next) - at > MOST_ROW_BYTES) throw tooLong(at);
        if (next < 0) break;
        if (format.isRow && rows++ % ROWS_A_BLOCK === 0) offsets.push(begin + at);
        at = next;
      }
    } catch (error) {
      if (error instanceof Misread) {
        // What looks like another fault may be a line in another encoding.
        const feed = block.indexOf(0x0a, error.offset);
        checkUtf8(block.subarray(first, feed < 0 ? error.offset : feed), begin + first);
      }
      throw error instanceof Misread ? new Misread(begin + error.offset, error.column, error.message) : error;
    }
    checkUtf8(block.subarray(first, at), begin + first);
    if (block.length === 0) throw new Misread(begin, undefined, 'it became shorter while it was read');
    begin += at;
  }
  offsets.push(bytes.size);
  return {
    format: format ?? formatOf(Buffer.alloc(0), 0),
    rows,
    offsets: Float64Array.from(offsets),
    sha256: hash.digest('hex'),
  };
}

const tooLong = (offset: number): Misread =>
  new Misread(
    offset,
    undefined,
    'the row that begins here is longer than 1 MiB: is a quote not closed? Keep such data in a file of its own, and its name here',
  );

/** A byte order mark. */
function isMarked(block: Buffer): boolean {
  return block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf;
}

/** @param part from the beginning of a row, so that it cuts no character at its beginning */
function checkUtf8(part: Buffer, offset: number): void {
  if (isUtf8(part)) return;
  // Halving: the shortest beginning that is wrong ends in the byte that is.
  let [good, bad] = [0, part.length];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isWellBegun(part.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  throw new Misread(offset + good, undefined, 'there is a byte that is no UTF-8: save it as UTF-8');
}

/** UTF-8, but for a character that is cut at the end. */
function isWellBegun(part: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(part, { stream: true });
    return true;
  } catch {
    return false;
  }
}
