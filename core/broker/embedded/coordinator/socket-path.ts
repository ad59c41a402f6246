/** Where the socket is: beside the log, or, where that path is too long for a socket, in a short one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { MOST_PATH_BYTES } from '../failure.js';

export interface SocketPath {
  readonly path: string;
  /** Removes what was made for it. */
  readonly remove: () => void;
}

export function socketPath(wanted: string): SocketPath {
  const path = resolve(wanted);
  if (Buffer.byteLength(path) <= MOST_PATH_BYTES) return { path, remove: () => rmSync(path, { force: true }) };
  const short = join(mkdtempSync(join(tmpdir(), 'ttg-')), 'socket');
  return { path: short, remove: () => rmSync(dirname(short), { recursive: true, force: true }) };
}
