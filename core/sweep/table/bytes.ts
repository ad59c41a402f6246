/** A table's bytes: of a file, which may be larger than memory, or of a text. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface Bytes {
  readonly size: number;
  /** Fewer only at the end. The buffer is the caller's until the next call. */
  read(offset: number, length: number): Buffer;
}

export function bytesOfText(text: string): Bytes {
  const all = Buffer.from(text, 'utf8');
  return { size: all.length, read: (offset, length) => all.subarray(offset, offset + length) };
}

/** The file stays open: its rows are read as they are asked for. @throws Error of the file system */
export function bytesOfFile(path: string): Bytes {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  try {
    readSync(fd, Buffer.alloc(1), 0, 1, 0);
  } catch (error) {
    // A directory, for example.
    closeSync(fd);
    throw error;
  }
  let buffer = Buffer.alloc(0);
  return {
    size,
    read: (offset, length) => {
      if (buffer.length < length) buffer = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const read = readSync(fd, buffer, filled, length - filled, offset + filled);
        if (read === 0) break;
        filled += read;
      }
      return buffer.subarray(0, filled);
    },
  };
}
