/** A process's own folder for temporary files, whose name says whose it is: what a killed process left the next one takes away. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasProcess } from '../core/runtime/processes.js';

const NAME = /^ttg-source-(\d*)-(\d+)-/;

/**
 * Also takes away the folders of those that are gone.
 * @param parent the system's folder for temporary files
 * @returns its path, readable for this user only
 */
export function makeOwnFolder(parent: string): string {
  const space = pidSpace();
  tidy(parent, space);
  return mkdtempSync(join(parent, `ttg-source-${space}-${process.pid}-`));
}

function tidy(parent: string, space: string): void {
  try {
    for (const name of readdirSync(parent)) {
      const [, itsSpace, pid] = NAME.exec(name) ?? [];
      // A process of another container is not to be seen from here, and may well be alive.
      const isLeft = pid !== undefined && itsSpace === space && !hasProcess(Number(pid));
      if (isLeft) rmSync(join(parent, name), { recursive: true, force: true });
    }
  } catch {
    // Another user's: they tidy up themselves.
  }
}

/** Within it a process's number means one process; empty where the system has no such thing. */
function pidSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}
