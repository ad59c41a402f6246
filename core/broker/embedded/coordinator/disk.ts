/** The file of a log as the journal uses it; a test may put a disk that is full in its place. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../../runtime/folders.js';

export interface Disk {
  size(): Promise<number>;
  /** Fills the buffer from `position` on, as far as the file goes. @returns how many bytes that were */
  read(into: Buffer, position: number): Promise<number>;
  /** @returns how many bytes were taken */
  write(bytes: Buffer, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Readable by its owner alone: values and errors of a run are nobody else's. */
export async function openDisk(path: string): Promise<Disk> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  await syncFolder(dirname(path));
  return {
    size: async () => (await file.stat()).size,
    read: async (into, position) => {
      let had = 0;
      while (had < into.length) {
        const { bytesRead } = await file.read(into, had, into.length - had, position + had);
        if (bytesRead === 0) break;
        had += bytesRead;
      }
      return had;
    },
    write: async (bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
    truncate: (size) => file.truncate(size),
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}
